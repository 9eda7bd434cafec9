//! Alternating least squares for implicit feedback: the estimator and its epochs.

pub(crate) mod basis;
mod block;
mod cholesky;
mod conjugate_gradient;
mod dual;
mod explain;
pub(crate) mod features;
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

use basis::Square;
use features::FeatureSide;
use half_step::{Memory, half_step, turn_rows};
use relaxation::{Relaxation, relax_items};
use side::{Given, Opposite, Plan};
use sketch::Sketch;

#[cfg(feature = "python")]
use crate::dense::DenseView;
use crate::error::{Error, Result, check_size};
use crate::gram::gram;
use crate::kernel::{self, Real};
use crate::models::factors::Factors;
use crate::observer::Observer;
use crate::pool;
use crate::sparse::CsrView;

pub use explain::Explanation;
pub use features::{Features, FeaturesOf, factors_of};
pub use init::Init;
pub use loss::training_loss;
pub use objective::Confidence;
pub use params::{AlternatingLeastSquares, Solver};

/// What the epochs of a fit work on.
struct Work<'a, T: Real> {
    user_items: &'a CsrView<'a, T>,
    item_users: CsrView<'a, T>,
    user_factors: &'a mut [T],
    item_factors: &'a mut [T],
    /// From the basis of the users to that of the items, and back.
    from_users: Square,
    memory: Memory<T>,
    user_features: Option<FeatureSide<'a, T>>,
    item_features: Option<FeatureSide<'a, T>>,
}

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
        let from_sketch = !from_given && self.init == Init::Sketch && self.iterations > 0;
        if !from_given && !from_sketch {
            init::draw(user_factors, item_factors, self.seed);
        }
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
        let from_sketch = !from_given && self.init == Init::Sketch && self.iterations > 0;
        if !from_given && !from_sketch {
            init::draw(user_factors, item_factors, self.seed);
        }
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

    /// A fit, from given factors or from a sketch in their place.
    fn run<T: Real>(
        &self,
        (user_items, item_users): (&CsrView<'_, T>, Option<&CsrView<'_, T>>),
        (user_factors, item_factors): (&mut [T], &mut [T]),
        features: Features<'_, T>,
        from_sketch: bool,
        observer: &dyn Observer,
    ) -> Result<Vec<f64>> {
        self.check(user_items)?;
        features.check(user_items.rows(), user_items.columns())?;
        let f = self.factors;
        check_size("the length of user_factors", user_items.rows() * f, user_factors.len())?;
        check_size("the length of item_factors", user_items.columns() * f, item_factors.len())?;
        let objective = self.objective();
        let (made, total_weight) = pool::run(self.threads, || {
            let made = if item_users.is_none() { Some(user_items.transpose()) } else { None };
            (made, objective.total_weight(user_items))
        })?;
        let item_users = match (item_users, &made) {
            (Some(given), _) => *given,
            (None, Some(made)) => made.view(),
            (None, None) => unreachable!("one of both is there"),
        };
        let mut memory = Memory::new();
        if from_sketch {
            let interrupted = &|| observer.interrupted();
            let (compact, seed) = (self.plan(Relaxation::None).compacts::<T>(), self.seed);
            let sketch =
                Sketch { user_items, item_users: &item_users, objective, f, seed, compact, interrupted };
            pool::run(self.threads, || sketch.fill(user_factors, item_factors, &mut memory))??;
        }
        let (user_features, item_features) = pool::run(self.threads, || -> Result<_> {
            let of_users = self.feature_side(features.users, user_items, user_factors)?;
            Ok((of_users, self.feature_side(features.items, &item_users, item_factors)?))
        })??;
        let from_users = Square::identity(f);
        let mut work = Work {
            user_items,
            item_users,
            user_factors,
            item_factors,
            from_users,
            memory,
            user_features,
            item_features,
        };
        let mut losses = Vec::new();
        for epoch in 1..=self.iterations {
            let loss = pool::run(self.threads, || self.epoch(&mut work, epoch, observer))?? / total_weight;
            if !loss.is_finite() {
                return Err(Error::Diverged { epoch });
            }
            let previous = losses.last().copied();
            losses.push(loss);
            // Outside of the pool, whose threads the observer may want to use.
            observer.turn(&work.from_users.values);
            if observer.epoch(epoch, loss).is_break() || self.converged(previous, loss) {
                break;
            }
        }
        let Work { user_factors, from_users, mut user_features, .. } = work;
        pool::run(self.threads, || {
            turn_rows(user_factors, &from_users);
            if let Some(side) = &mut user_features {
                turn_rows(side.coefficients_mut(), &from_users);
            }
        })?;
        Ok(losses)
    }

    /// The features of a side whose entries are `rows` and whose factors a fit starts from.
    fn feature_side<'a, T: Real>(
        &self,
        features: Option<FeaturesOf<'a, T>>,
        rows: &CsrView<'_, T>,
        factors: &mut [T],
    ) -> Result<Option<FeatureSide<'a, T>>> {
        let Some(features) = features else { return Ok(None) };
        let parameters = (self.feature_strength, self.feature_regularization);
        let mut side = FeatureSide::new(features, rows, &self.objective(), parameters, self.factors)?;
        side.clear_cold(factors, self.factors);
        side.begin(factors);
        side.fill_cold(factors, self.factors);
        Ok(Some(side))
    }

    /// Improves the factors of both sides, and returns the objective.
    fn epoch<T: Real>(&self, work: &mut Work<'_, T>, epoch: usize, observer: &dyn Observer) -> Result<f64> {
        let f = self.factors;
        let interrupted = || observer.interrupted();
        let Work { user_items, item_users, from_users, memory, .. } = work;
        let Work { user_factors, item_factors, user_features, item_features, .. } = work;
        for (side, factors) in [(&*user_features, &mut **user_factors), (item_features, item_factors)] {
            if let Some(side) = side {
                side.clear_cold(factors, f);
            }
        }
        let relaxation = Relaxation::of_users(self.relaxation, epoch);
        if epoch > 1 {
            relax_items(item_factors, &memory.starts, self.relaxation, epoch);
            if let (Some(side), Relaxation::Later(omega)) =
                (&mut *item_features, Relaxation::of_items(self.relaxation, epoch - 1, epoch))
            {
                side.relax(omega);
            }
        }
        let gram_of_items = gram(item_factors, f);
        let plan = self.plan_of(relaxation, user_features.is_some());
        let users = half_step(
            Given { rows: user_items, known: user_features.as_ref().map(FeatureSide::known) },
            user_factors,
            Opposite { y: item_factors, gram: &gram_of_items, count: user_items.columns() },
            from_users,
            &plan,
            memory,
            &interrupted,
        )?;
        if !users.loss.is_finite() {
            return Err(Error::Diverged { epoch });
        }
        let mut loss = plan.objective.penalty(user_items, user_factors, f);
        if let Some(side) = user_features {
            loss += side.regress(user_factors, users.coefficients).value;
        }
        let relaxation = Relaxation::of_items(self.relaxation, epoch, self.iterations);
        let gram_of_users = gram(user_factors, f);
        let items = half_step(
            Given { rows: item_users, known: item_features.as_ref().map(FeatureSide::known) },
            item_factors,
            Opposite { y: user_factors, gram: &gram_of_users, count: user_items.rows() },
            &users.turn,
            &self.plan_of(relaxation, item_features.is_some()),
            memory,
            &interrupted,
        )?;
        loss += items.loss;
        if let Some(side) = item_features {
            loss -= side.regress(item_factors, items.coefficients).gain;
            side.fill_cold(item_factors, f);
        }
        if let Some(side) = user_features {
            side.fill_cold(user_factors, f);
        }
        *from_users = items.turn;
        Ok(loss)
    }

    /// How a half-step of a fit is made whose rows have features or not.
    fn plan_of(&self, relaxation: Relaxation, features: bool) -> Plan {
        let mut plan = self.plan(relaxation);
        if features {
            plan.objective.regularization *= self.feature_strength.max(1.0);
        }
        plan
    }

    /// How a half-step of a fit is made.
    pub(crate) fn plan(&self, relaxation: Relaxation) -> Plan {
        Plan {
            factors: self.factors,
            objective: self.objective(),
            solver: self.solver,
            cg_steps: self.cg_steps,
            relaxation,
            compact: kernel::has_fast_halves(),
        }
    }

    fn converged(&self, previous: Option<f64>, loss: f64) -> bool {
        match (self.tolerance, previous) {
            (Some(tolerance), Some(previous)) => previous - loss < tolerance * previous,
            _ => false,
        }
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
