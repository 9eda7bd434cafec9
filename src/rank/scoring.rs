//! One query: who is ranked for it, and the one place where scores come from.

use crate::dense::DenseView;
use crate::kernel::{self, Real, Simd};
use crate::rank::filter::Denied;
use crate::rank::selection::Selection;
use crate::rank::top_n::Scored;

/// The rows that are ranked, and what their scores are.
#[derive(Clone, Copy)]
pub(crate) struct Scoring<'a, T> {
    pub(crate) rows: DenseView<'a, T>,
    /// By their direction rather than by the product: `1 / |row|` for each row.
    pub(crate) inverse_norms: Option<&'a [f64]>,
}

/// One query: its vector, who is filtered for it, and who comes first without being ranked.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a, T> {
    pub(crate) vector: &'a [T],
    /// What its products are multiplied by.
    pub(crate) scale: f64,
    pub(crate) liked: &'a [i32],
    pub(crate) own: Option<i32>,
}

impl<T: Real> Scoring<'_, T> {
    /// Says that this candidate will be scored.
    #[inline(always)]
    pub(crate) fn expect(&self, id: i32) {
        let f = self.rows.columns();
        kernel::prefetch(self.rows.data(), id as usize * f, f);
    }

    /// The one place where scores come from: the same bits whatever led to a candidate.
    #[inline(always)]
    pub(crate) fn score<S: Simd>(&self, simd: S, query: &Query<'_, T>, id: i32) -> T {
        let row = self.rows.row(id as usize);
        let Some(inverse_norms) = self.inverse_norms else { return kernel::product(simd, query.vector, row) };
        // In f64, where the product of two tiny rows is still something.
        let product = kernel::dot_f64(query.vector, row);
        let cosine = T::from_f64(product * query.scale * inverse_norms[id as usize]);
        // Rounding must not put anything above the row itself.
        if cosine > T::ONE { T::ONE } else { cosine }
    }

    /// Scores a candidate and takes it if it is among the best and not filtered.
    #[inline(always)]
    pub(crate) fn consider<S: Simd>(
        &self,
        simd: S,
        query: &Query<'_, T>,
        id: i32,
        denied: &Denied,
        selection: &mut Selection<'_, T>,
    ) {
        if query.own == Some(id) {
            return;
        }
        let candidate = Scored { score: self.score(simd, query, id), id };
        if selection.admits(candidate) && !denied.filters(id, query.liked) {
            selection.push(candidate);
        }
    }
}
