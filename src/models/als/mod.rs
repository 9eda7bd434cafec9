//! Alternating least squares for implicit feedback: the estimator and its epochs.

pub(crate) mod basis;
mod block;
mod cholesky;
mod conjugate_gradient;
mod dual;
mod explain;
pub(crate) mod features;
mod fit;
mod fold_in;
pub(crate) mod half_step;
mod heavy;
mod init;
mod long_row;
mod loss;
mod method;
mod objective;
mod params;
#[cfg(any(feature = "python", test))]
pub(crate) mod parts;
pub(crate) mod relaxation;
pub(crate) mod side;
mod sketch;
mod sketch_product;
mod system;

#[cfg(feature = "python")]
use basis::Square;
#[cfg(feature = "python")]
use half_step::turn_rows;

#[cfg(feature = "python")]
use crate::dense::DenseView;
use crate::error::{Result, check_size};
use crate::kernel::Real;
use crate::models::factors::Factors;
use crate::observer::Observer;
#[cfg(feature = "python")]
use crate::pool;
use crate::sparse::CsrView;

pub use explain::Explanation;
pub use features::{Features, FeaturesOf, RowFeatures, Seen, factors_of};
pub use init::Init;
pub use loss::training_loss;
pub use objective::Confidence;
pub use params::{AlternatingLeastSquares, Solver};

impl AlternatingLeastSquares {
    /// Learns factors for the rows (users) and columns (items) of `user_items`.
    pub fn fit<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<Factors<T>> {
        self.fit_observed(user_items, &())
    }

    /// Like [`fit`](Self::fit), telling `observer` after every epoch.
    pub fn fit_observed<T: Real>(
        &self,
        user_items: &CsrView<'_, T>,
        observer: &dyn Observer,
    ) -> Result<Factors<T>> {
        self.check(user_items)?;
        let (users, items, f) = (user_items.rows(), user_items.columns(), self.factors);
        let (mut x, mut y) = (vec![T::ZERO; users * f], vec![T::ZERO; items * f]);
        self.fit_into(user_items, &mut x, &mut y, observer)?;
        Factors::new(f, x, y)
    }

    /// Learns factors in memory whose contents do not matter, of the sizes of [`fit_from`](Self::fit_from), and returns
    /// the loss after each epoch.
    pub fn fit_into<T: Real>(
        &self,
        user_items: &CsrView<'_, T>,
        user_factors: &mut [T],
        item_factors: &mut [T],
        observer: &dyn Observer,
    ) -> Result<Vec<f64>> {
        if self.init == Init::Uniform || self.iterations == 0 {
            init::draw(user_factors, item_factors, self.seed);
            return self.fit_from(user_items, user_factors, item_factors, observer);
        }
        self.run((user_items, None), (user_factors, item_factors), Features::default(), true, observer)
    }

    /// Like [`fit_into`](Self::fit_into), or with `from_given` [`fit_from`](Self::fit_from), with features of the users, of the
    /// items or of both, whose coefficients come to stand where they say. Rows without entries get the factors that their
    /// features say.
    ///
    /// ```
    /// use penchant::{AlternatingLeastSquares, CsrMatrix, Features, FeaturesOf};
    /// let plays = CsrMatrix::from_triplets(2, 3, &[(0, 0, 1.0_f32), (1, 1, 1.0)])?;
    /// // Items 0 and 2 are of one kind, and nobody knows item 2.
    /// let kinds = CsrMatrix::from_triplets(3, 2, &[(0, 0, 1.0_f32), (1, 1, 1.0), (2, 0, 1.0)])?;
    /// let (mut x, mut y, mut coefficients) = ([0.0; 4], [0.0; 6], [0.0; 4]);
    /// let items = Some(FeaturesOf { features: kinds.view(), coefficients: &mut coefficients });
    /// let features = Features { items, ..Features::default() };
    /// let model = AlternatingLeastSquares::new(2).feature_regularization(1.0);
    /// model.fit_with_features(&plays.view(), (&mut x, &mut y), features, false, &())?;
    /// let score = |u: usize, i: usize| x[2 * u] * y[2 * i] + x[2 * u + 1] * y[2 * i + 1];
    /// assert!(score(0, 2) > 2.0 * score(1, 2));
    /// # Ok::<(), penchant::Error>(())
    /// ```
    pub fn fit_with_features<T: Real>(
        &self,
        user_items: &CsrView<'_, T>,
        (user_factors, item_factors): (&mut [T], &mut [T]),
        features: Features<'_, T>,
        from_given: bool,
        observer: &dyn Observer,
    ) -> Result<Vec<f64>> {
        let from_sketch = self.begin(from_given, user_factors, item_factors);
        self.run((user_items, None), (user_factors, item_factors), features, from_sketch, observer)
    }

    /// Like [`fit_with_features`](Self::fit_with_features), with the transpose of the matrix, which is then not
    /// made: both may be slices of files that are larger than the memory.
    pub fn fit_both<T: Real>(
        &self,
        (user_items, item_users): (&CsrView<'_, T>, &CsrView<'_, T>),
        (user_factors, item_factors): (&mut [T], &mut [T]),
        features: Features<'_, T>,
        from_given: bool,
        observer: &dyn Observer,
    ) -> Result<Vec<f64>> {
        check_size("the number of rows of the transpose", user_items.columns(), item_users.rows())?;
        check_size("the number of columns of the transpose", user_items.rows(), item_users.columns())?;
        check_size("the number of entries of the transpose", user_items.stored(), item_users.stored())?;
        let from_sketch = self.begin(from_given, user_factors, item_factors);
        let factors = (user_factors, item_factors);
        self.run((user_items, Some(item_users)), factors, features, from_sketch, observer)
    }

    /// Improves given factors in place and returns the loss after each epoch.
    ///
    /// `user_factors` is users x f, `item_factors` items x f, both row-major. The fixed side of the first
    /// half-step is the items. After an error both hold something between their old and their new values.
    pub fn fit_from<T: Real>(
        &self,
        user_items: &CsrView<'_, T>,
        user_factors: &mut [T],
        item_factors: &mut [T],
        observer: &dyn Observer,
    ) -> Result<Vec<f64>> {
        self.run((user_items, None), (user_factors, item_factors), Features::default(), false, observer)
    }
}

/// Factors whose rows have been multiplied by a square matrix, as at the end of a fit.
#[cfg(feature = "python")]
pub(crate) fn turned<T: Real>(
    factors: DenseView<'_, T>,
    turn: DenseView<'_, f64>,
    threads: usize,
) -> Result<Vec<T>> {
    let f = factors.columns();
    check_size("the number of rows of turn (one for each factor)", f, turn.rows())?;
    check_size("the number of columns of turn (one for each factor)", f, turn.columns())?;
    let mut rows = factors.data().to_vec();
    let turn = Square { f, values: turn.data().to_vec() };
    pool::run(threads, || turn_rows(&mut rows, &turn))?;
    Ok(rows)
}
