//! Random walks from item to user to item.

use rayon::prelude::*;

use crate::error::Result;
use crate::kernel::Real;
use crate::models::check;
use crate::models::similarity::{ItemSimilarity, LearnsSimilarity};
use crate::observer::Observer;
use crate::pool;
use crate::rank::pairs::best_partners;
use crate::sparse::{CsrMatrix, CsrView};
use crate::weighting::check_counts;

/// Three-step random walks on the graph of users and items, in which popular ends are less likely
/// (Paudel, Christoffel, Newell and Bernstein 2017).
///
/// A step goes along an edge with a probability in proportion to its weight, raised to the power α. An item keeps the
/// items where a walk over one of its users ends most likely, each divided by its degree to the power β. With β = 0 it
/// is P3α (Cooper et al. 2014).
///
/// ```
/// use penchant::{CsrMatrix, RankOptions, Model, Rp3Beta};
/// let plays = CsrMatrix::from_triplets(3, 3, &[(0, 0, 1.0_f32), (0, 1, 1.0), (1, 0, 1.0), (1, 2, 1.0), (2, 2, 1.0)])?;
/// let model = Rp3Beta::new(2).beta(0.5).fit(&plays.view())?;
/// assert_eq!(model.similar_items(&[0], &RankOptions::top(2))?.ids(0), [1, 2]);
/// # Ok::<(), penchant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Rp3Beta {
    neighbours: usize,
    alpha: f64,
    beta: f64,
    normalize: bool,
    threads: usize,
}

impl Rp3Beta {
    /// Keeps so many neighbours of each item.
    #[must_use]
    pub fn new(neighbours: usize) -> Self {
        Self { neighbours, alpha: 0.6, beta: 0.4, normalize: true, threads: 0 }
    }

    /// α, the power of the probabilities; 0.6 by default.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// β, how much popularity is discounted; 0.4 by default.
    #[must_use]
    pub fn beta(self, beta: f64) -> Self {
        Self { beta, ..self }
    }

    /// Whether what an item keeps is scaled to sum to 1; it is by default.
    #[must_use]
    pub fn normalize(self, normalize: bool) -> Self {
        Self { normalize, ..self }
    }

    /// The number of threads; 0, the default, means all that this process may use.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Checks every parameter.
    pub(crate) fn check(&self) -> Result<()> {
        check::at_least_one("K", self.neighbours)?;
        check::not_negative([("alpha", self.alpha), ("beta", self.beta)])?;
        check::threads(self.threads)
    }

    /// Walks from each column (item) of `user_items`, whose values are weights of edges.
    pub fn fit<T: Real>(&self, user_items: &CsrView<'_, T>) -> Result<ItemSimilarity<T>> {
        ItemSimilarity::new(user_items.rows(), self.learn(user_items, &())?)
    }

    /// What each edge has to do with walks in both directions: (r / √(d d'))^α, with the degrees of its two ends.
    fn shared<T: Real>(&self, edges: &CsrView<'_, T>, degrees: &[f64]) -> CsrMatrix<T> {
        let (indptr, indices) = (edges.pattern().indptr().to_vec(), edges.pattern().indices().to_vec());
        let rows = (0..edges.rows()).into_par_iter().flat_map_iter(|row| {
            let row = edges.row(row);
            let root = total(row.values).sqrt();
            row.indices.iter().zip(row.values).map(move |(&item, value)| {
                T::from_f64((value.to_f64() / root / degrees[item as usize].sqrt()).powf(self.alpha))
            })
        });
        CsrMatrix::of_parts(edges.columns(), indptr, indices, rows.collect())
    }
}

impl LearnsSimilarity for Rp3Beta {
    fn learn<T: Real>(&self, user_items: &CsrView<'_, T>, observer: &dyn Observer) -> Result<CsrMatrix<T>> {
        self.check()?;
        check_counts(user_items, "a value of user_items")?;
        pool::run(self.threads, || {
            let known = user_items.without_zeros();
            let rows = known.as_ref().map_or(*user_items, CsrMatrix::view);
            let mut degrees = vec![0.0; rows.columns()];
            for (&item, value) in rows.pattern().indices().iter().zip(rows.values()) {
                degrees[item as usize] += value.to_f64();
            }
            // From i over u to j: (r_ui / d_i)^α (r_uj / d_u)^α / d_j^β. With s_ui = (r_ui / √(d_i d_u))^α, which is at
            // most 1, it is s_ui s_uj / (d_i^(α/2) d_j^(β - α/2)): a symmetric product, and a factor for each end.
            let half = self.alpha / 2.0;
            let facts: Vec<_> = degrees.iter().map(|d| (d.powf(half), d.powf(self.beta - half))).collect();
            let divisor = |from: (f64, f64), to: (f64, f64)| from.0 * to.1;
            let shared = self.shared(&rows, &degrees);
            let k = self.neighbours.min(rows.columns().max(1));
            let found = best_partners(&shared.view(), k, false, &facts, divisor, observer)?;
            Ok(if self.normalize { scaled_to_one(found) } else { found })
        })?
    }
}

fn total<T: Real>(values: &[T]) -> f64 {
    values.iter().map(|value| value.to_f64()).sum()
}

/// Rows that sum to 1, where they sum to anything.
fn scaled_to_one<T: Real>(matrix: CsrMatrix<T>) -> CsrMatrix<T> {
    let view = matrix.view();
    let rows = (0..view.rows()).flat_map(|row| {
        let values = view.row(row).values;
        let sum = total(values);
        values.iter().map(move |value| if sum > 0.0 { T::from_f64(value.to_f64() / sum) } else { *value })
    });
    let values = rows.collect();
    matrix.with_values(values)
}
