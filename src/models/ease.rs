//! EASE: the best linear model of all items by all others, in closed form.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::inverse::{PASSES, invert};
use crate::kernel::Real;
use crate::models::check;
use crate::observer::Observer;
use crate::pool;
use crate::sparse::CsrView;

/// An embarrassingly shallow autoencoder (Steck 2019): the matrix `B` of items x items with a diagonal of zeros that
/// minimizes `|X − X B|² + λ |B|²`. With `P = (XᵀX + λ I)⁻¹` it is `B_ij = −P_ij / P_jj`.
///
/// It takes time in proportion to the cube of the number of items, and the memory of two dense matrices.
///
/// ```
/// use penchant::{CsrMatrix, Ease};
/// let plays = CsrMatrix::from_triplets(2, 2, &[(0, 0, 1.0_f32), (0, 1, 1.0), (1, 1, 1.0)])?;
/// let weights = Ease::new(1.0).fit(&plays.view())?;
/// assert_eq!(weights.iter().map(|w| (w * 100.0_f32).round()).collect::<Vec<_>>(), [0.0, 50.0, 33.0, 0.0]);
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ease {
    regularization: f64,
    threads: usize,
}

impl Ease {
    /// With this λ, which must be above 0.
    #[must_use]
    pub fn new(regularization: f64) -> Self {
        Self { regularization, threads: 0 }
    }

    /// The number of threads; 0, the default, means all that this process may use.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Checks every parameter.
    pub(crate) fn check(&self) -> Result<()> {
        check::above_zero("regularization", self.regularization)?;
        check::threads(self.threads)
    }

    /// The weights `B`, items x items, row after row.
    pub fn fit<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<Vec<T>> {
        self.fit_observed(user_items, &())
    }

    /// [`fit`](Self::fit), telling `observer` of every column [`passes`](Self::passes) times.
    pub fn fit_observed<T: Real>(
        &self,
        user_items: &CsrView<'_, T>,
        observer: &dyn Observer,
    ) -> Result<Vec<T>> {
        self.check()?;
        user_items.check_finite()?;
        let n = user_items.columns();
        pool::run(self.threads, || {
            let mut matrix = gram(user_items, observer)?;
            for item in 0..n {
                matrix[item * n + item] += T::from_f64(self.regularization);
            }
            let mut spare = vec![T::ZERO; n * n];
            invert(&mut matrix, &mut spare, n, observer)?;
            let diagonal: Vec<T> = (0..n).map(|item| matrix[item * n + item]).collect();
            matrix.par_chunks_mut(n.max(1)).enumerate().for_each(|(item, row)| {
                for (weight, &own) in row.iter_mut().zip(&diagonal) {
                    *weight = -(*weight / own);
                }
                row[item] = T::ZERO;
            });
            if matrix.iter().all(|weight| weight.is_finite()) {
                Ok(matrix)
            } else {
                Err(Error::NotPositiveDefinite)
            }
        })?
    }

    /// How often an observer hears of each item.
    #[must_use]
    pub fn passes() -> usize {
        PASSES + 1
    }
}

/// `XᵀX`, both in the order of columns and of the lower triangle alone.
fn gram<T: Real>(user_items: &CsrView<'_, T>, observer: &dyn Observer) -> Result<Vec<T>> {
    let n = user_items.columns();
    let by_item = user_items.transpose();
    let by_item = by_item.view();
    let mut gram = vec![T::ZERO; n * n];
    // In f64: a float counts to 2^24 only, and users may be more.
    gram.par_chunks_mut(n.max(1)).enumerate().try_for_each_init(
        || vec![0.0; n],
        |sums, (item, column)| {
            if observer.interrupted() {
                return Err(Error::Interrupted);
            }
            let users = by_item.row(item);
            for (&user, &weight) in users.indices.iter().zip(users.values) {
                let row = user_items.row(user as usize);
                let own = row.indices.partition_point(|&other| (other as usize) < item);
                for (&other, &value) in row.indices[own..].iter().zip(&row.values[own..]) {
                    sums[other as usize] += weight.to_f64() * value.to_f64();
                }
            }
            for (sum, entry) in sums[item..].iter_mut().zip(&mut column[item..]) {
                *entry = T::from_f64(std::mem::take(sum));
            }
            observer.progress(1);
            Ok(())
        },
    )?;
    Ok(gram)
}
