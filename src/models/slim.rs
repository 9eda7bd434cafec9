//! SLIM: each item as a sparse, non-negative combination of others.

use crate::error::Result;
use crate::kernel::Real;
use crate::models::check;
use crate::models::regressions::{Products, regressions};
use crate::models::similarity::{ItemSimilarity, LearnsSimilarity};
use crate::observer::Observer;
use crate::pool;
use crate::sparse::{CsrMatrix, CsrView};
use crate::weighting::check_counts;

/// Sparse linear methods (Ning and Karypis 2011): the matrix `W` of items x items, non-negative and with a diagonal of
/// zeros, whose column `j` minimizes `½ |x_j − X w|² + ½ λ₂ |w|² + λ₁ |w|₁`.
///
/// By coordinate descent on the Gram matrix `G = XᵀX` (Friedman, Hastie and Tibshirani 2010), of which what is not zero
/// is kept in memory. Only items `i` with `G_ij > λ₁` can have a weight, where no value is negative.
///
/// ```
/// use penchant::{CsrMatrix, RankOptions, Model, Slim};
/// let plays = CsrMatrix::from_triplets(3, 3, &[(0, 0, 1.0_f32), (0, 1, 1.0), (1, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)])?;
/// let model = Slim::new(0.1, 0.1).fit(&plays.view())?;
/// assert_eq!(model.similar_items(&[0], &RankOptions::top(2))?.ids(0), [1, -1]);
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Slim {
    l1: f64,
    l2: f64,
    iterations: usize,
    tolerance: f64,
    threads: usize,
}

impl Slim {
    /// With these weights of the sums of weights and of their squares.
    #[must_use]
    pub fn new(l1: f64, l2: f64) -> Self {
        Self { l1, l2, iterations: 100, tolerance: 1e-3, threads: 0 }
    }

    /// The most passes over the weights of an item; 100 by default.
    #[must_use]
    pub fn iterations(self, iterations: usize) -> Self {
        Self { iterations, ..self }
    }

    /// An item is done when no weight of a pass changes by more than this part of the largest; 0.001 by default.
    #[must_use]
    pub fn tolerance(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }

    /// The number of threads; 0, the default, means all that this process may use.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Checks every parameter.
    pub(crate) fn check(&self) -> Result<()> {
        check::not_negative([
            ("l1_regularization", self.l1),
            ("l2_regularization", self.l2),
            ("tolerance", self.tolerance),
        ])?;
        check::at_least_one("iterations", self.iterations)?;
        check::threads(self.threads)
    }

    /// Finds the weights of the columns (items) of `user_items`.
    pub fn fit<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<ItemSimilarity<T>> {
        ItemSimilarity::new(user_items.rows(), self.learn(user_items, &())?)
    }

    /// The weights of the others for one item.
    fn column<T: Real>(
        &self,
        &Products { matrix: gram, diagonal }: &Products<'_, T>,
        item: usize,
        descent: &mut Descent,
    ) -> (Vec<i32>, Vec<T>) {
        let row = gram.row(item);
        let targets = row.indices.iter().zip(row.values).map(|(&id, value)| (id as usize, value.to_f64()));
        let active: Vec<(usize, f64)> =
            targets.filter(|&(id, target)| id != item && target > self.l1).collect();
        let Descent { weights, products } = descent;
        for _ in 0..self.iterations {
            let (mut largest_change, mut largest) = (0.0_f64, 0.0_f64);
            for &(id, target) in &active {
                let old = weights[id];
                let residual = target - (products[id] - diagonal[id] * old);
                let new = ((residual - self.l1) / (diagonal[id] + self.l2)).max(0.0);
                let change = new - old;
                if change != 0.0 {
                    let others = gram.row(id);
                    for (&other, value) in others.indices.iter().zip(others.values) {
                        products[other as usize] += value.to_f64() * change;
                    }
                    weights[id] = new;
                    largest_change = largest_change.max(change.abs());
                }
                largest = largest.max(new);
            }
            if largest_change <= self.tolerance * largest {
                break;
            }
        }
        let found = active.iter().filter(|&&(id, _)| weights[id] > 0.0);
        let found = found.map(|&(id, _)| (id as i32, T::from_f64(weights[id]))).unzip();
        for &(id, _) in &active {
            weights[id] = 0.0;
        }
        products.fill(0.0);
        found
    }
}

impl LearnsSimilarity for Slim {
    fn learn<T: Real>(&self, user_items: &CsrView<'_, T>, observer: &dyn Observer) -> Result<CsrMatrix<T>> {
        self.check()?;
        check_counts(user_items, "a value of user_items")?;
        let items = user_items.columns();
        let scratch = || Descent { weights: vec![0.0; items], products: vec![0.0; items] };
        pool::run(self.threads, || {
            regressions(user_items, observer, scratch, |descent, products, item| {
                Ok(self.column(products, item, descent))
            })
        })?
    }
}

/// What a thread needs: the weights, and their products with the Gram matrix.
struct Descent {
    weights: Vec<f64>,
    products: Vec<f64>,
}
