//! The candidates of a search, packed once for many searches.
//!
//! Candidates are turned into the basis of [`Basis`] and rounded to f32. Their first `depth` coordinates are packed
//! into panels, the others lie row after row. A search then leaves out what provably cannot enter, in three ways:
//!
//! - by the inequality of Cauchy and Schwarz a score is at most the product of the norms: a query is done with all the
//!   rest once its norm times the largest from a panel on, the panel's reach, is below its worst result;
//! - the first `depth` coordinates are multiplied, and the others add at most the product of their norms;
//! - for what passes, the others are multiplied as well.
//!
//! Any basis, order and depth give the same results; searches are short if candidates are in order of falling norm, as
//! they are when first packed. Whatever is left is scored anew from the factors themselves, so results do not depend on
//! any of this.
//!
//! # Why nothing is lost to rounding
//!
//! Let `u = 2⁻²⁴`, `x̃`, `ỹ` the turned rows in f32, and `N_x = max(|x|, |x̃|)`, `N_y` likewise. Compared with the
//! true `x·y`:
//!
//! - `x̃·ỹ` differs by at most `(3u + κ) N_x N_y`: each coordinate was rounded once, and `κ` is the basis's own
//!   [`distortion`](Basis::distortion);
//! - the sum over `depth` coordinates and the tail, with or without fused operations, differs from its true value
//!   by at most `(f + 2) u / (1 − (f + 2) u) |x̃| |ỹ|` (Higham, Accuracy and Stability of Numerical Algorithms,
//!   section 3.1); tails and norms are rounded up; taking the tail off again and adding the other products makes
//!   that `(f + 6) u`, as all of these sums are at most `2 |x̃| |ỹ|`;
//! - the score that is compared in the end is a sum of `f` products in `T`, or a cosine that is computed in f64 and
//!   rounded once, off by at most `(f + 4) u / (1 − (f + 4) u) N_x N_y`, f32 being the worse case.
//!
//! Together less than `c N_x N_y` with `c = (2f + 24) · 1.1 u + κ` for any f below 100,000. A number that underflows is off
//! by less than the smallest normal one in each of those operations, which [`Index::slack`] adds. So
//! a candidate whose screened sum is below `θ − slack` has a score below `θ`. Where a norm overflows the slack is
//! infinite, and where anything is NaN the comparison lets it pass.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Error, Result, check_size};
use crate::kernel::{self, PANEL, Real, Simd, WithSimd, padded};
use crate::pool;
use crate::rank::basis::Basis;
use crate::rank::depth::choose;
use crate::rank::packing::{Packed, Panel};
use crate::rank::turning::{Tile, TurnedCandidates, norm_up, norms_of};

/// Packed candidates. Holds copies: it is for the factors that it was made from.
pub struct Index {
    pub(crate) f: usize,
    basis: Basis,
    /// The candidates as they are packed.
    pub(crate) order: Vec<i32>,
    pub(crate) packed: Packed,
    /// `1 / |y|` by id, where candidates are compared by their direction.
    pub(crate) inverse_norms: Option<Vec<f64>>,
}

/// Queries in the basis of an index.
pub(crate) struct Turned {
    depth: usize,
    width: usize,
    wide: Vec<f64>,
    row: Vec<f32>,
    /// For each query its first `depth` coordinates, and the norm of the others.
    heads: Vec<f32>,
    /// For each query the other coordinates, padded.
    rests: Vec<f32>,
    /// For each query `|x̃|` and `N_x`.
    pub(crate) norms: Vec<[f64; 2]>,
}

impl Turned {
    /// The coordinates that are screened, and the norm of the others.
    #[inline(always)]
    pub(crate) fn head(&self, query: usize) -> &[f32] {
        &self.heads[query * (self.depth + 1)..(query + 1) * (self.depth + 1)]
    }

    /// The other coordinates, padded.
    #[inline(always)]
    pub(crate) fn rest(&self, query: usize) -> &[f32] {
        &self.rests[query * self.width..(query + 1) * self.width]
    }

    pub(crate) fn clear(&mut self) {
        self.heads.clear();
        self.rests.clear();
        self.norms.clear();
    }
}

impl Index {
    /// Packs items for recommending them to users like those in `user_factors`.
    pub fn of_items<T: Real>(
        user_factors: DenseView<'_, T>,
        item_factors: DenseView<'_, T>,
        threads: usize,
    ) -> Result<Self> {
        check_size("the number of columns of item_factors", user_factors.columns(), item_factors.columns())?;
        pool::run(threads, || {
            let basis = Basis::new(user_factors, item_factors);
            Self::new(basis, user_factors, item_factors, None)
        })
    }

    /// Packs rows for finding those of like direction.
    pub fn of_directions<T: Real>(factors: DenseView<'_, T>, threads: usize) -> Result<Self> {
        pool::run(threads, || {
            let basis = Basis::new(factors, factors);
            Self::new(basis, factors, factors, Some(inverse_norms(factors)))
        })
    }

    /// Packs items that have moved since `before` was made of as many: in its basis and its order, which takes a part of
    /// the time. Searches are as exact, and the longer the further the items have moved.
    ///
    /// Fails if `before` is of directions, or of another number of items or factors.
    pub fn of_moved_items<T: Real>(
        before: &Self,
        item_factors: DenseView<'_, T>,
        threads: usize,
    ) -> Result<Self> {
        check_size("the number of item_factors, as before,", before.order.len(), item_factors.rows())?;
        check_size("the number of columns of item_factors, as before,", before.f, item_factors.columns())?;
        if before.inverse_norms.is_some() {
            return Err(Error::WrongIndex { wanted: "items", got: "directions" });
        }
        let (f, basis, depth) = (before.f, before.basis.clone(), before.packed.depth);
        let order = before.order.clone();
        pool::run(threads, || {
            let packed = Packed::new(
                f,
                depth,
                &order,
                || Tile::new(f),
                |tile, ids, panel| kernel::dispatch(Fill { basis: &basis, item_factors, tile, ids, panel }),
            );
            Self { f, basis, order, packed, inverse_norms: None }
        })
    }

    /// Whether this is an index of so many rows of this kind; whether of these very rows is the caller's duty.
    pub(crate) fn check<T: Real>(&self, rows: DenseView<'_, T>, directions: bool) -> Result<()> {
        check_size("the number of candidates in the index", rows.rows(), self.order.len())?;
        check_size("the number of factors in the index", rows.columns(), self.f)?;
        match (self.inverse_norms.is_some(), directions) {
            (true, false) => Err(Error::WrongIndex { wanted: "items", got: "directions" }),
            (false, true) => Err(Error::WrongIndex { wanted: "directions", got: "items" }),
            _ => Ok(()),
        }
    }

    fn new<T: Real>(
        basis: Basis,
        queries: DenseView<'_, T>,
        candidates: DenseView<'_, T>,
        inverse_norms: Option<Vec<f64>>,
    ) -> Self {
        let f = candidates.columns();
        let turned = TurnedCandidates::new(&basis, candidates, inverse_norms.as_deref());
        let depth = choose(&basis, queries, inverse_norms.as_deref(), &turned);
        let packed = Packed::new(
            f,
            depth,
            &turned.order,
            || (),
            |(), ids, mut panel| {
                for (lane, &id) in ids.iter().enumerate() {
                    panel.put(lane, turned.row(id), turned.norms[id as usize]);
                }
            },
        );
        Self { f, basis, order: turned.order, packed, inverse_norms }
    }

    /// Room for turned queries.
    pub(crate) fn turned(&self) -> Turned {
        let (depth, width) = (self.packed.depth, padded(self.f - self.packed.depth));
        Turned {
            depth,
            width,
            wide: vec![],
            row: vec![0.0; self.f],
            heads: vec![],
            rests: vec![],
            norms: vec![],
        }
    }

    /// Turns one more query, times `scale`.
    #[inline(always)]
    pub(crate) fn turn<T: Real>(&self, x: &[T], scale: f64, turned: &mut Turned) {
        let Turned { depth, width, wide, row, heads, rests, norms } = turned;
        self.basis.turn_query(x, scale, wide, row);
        let (head, rest) = row.split_at(*depth);
        heads.extend_from_slice(head);
        heads.push(norm_up(rest));
        rests.extend_from_slice(rest);
        rests.resize((norms.len() + 1) * *width, 0.0);
        let norm = x.iter().map(|x| (x.to_f64() * scale).powi(2)).sum::<f64>().sqrt();
        norms.push(norms_of(norm, row));
    }

    /// What rounding can add to a score, for a query and the candidates from a panel on.
    pub(crate) fn slack(&self, [_, n_x]: [f64; 2], panel: usize) -> f64 {
        let f = self.f as f64;
        let c = (2.0 * f + 24.0) * 1.1 * f64::from(f32::EPSILON) / 2.0 + self.basis.distortion;
        c * n_x * self.packed.reach[panel][1]
            + 4.0 * (f + 4.0) * f64::from(f32::MIN_POSITIVE) * (1.0 + n_x + self.packed.reach[panel][1])
    }
}

/// Turns candidates straight into a panel.
struct Fill<'a, T> {
    basis: &'a Basis,
    item_factors: DenseView<'a, T>,
    tile: &'a mut Tile,
    ids: &'a [i32],
    panel: Panel<'a>,
}

impl<T: Real> WithSimd for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { basis, item_factors, tile, ids, mut panel } = self;
        let rows = ids.iter().map(|&id| (item_factors.row(id as usize), 1.0));
        tile.turn(simd, basis, rows, |lane, row, norms| panel.put(lane, row, norms));
    }
}

const _: () = assert!(PANEL <= Tile::ROWS);

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Index({} candidates, {} of {} coordinates screened)",
            self.order.len(),
            self.packed.depth,
            self.f
        )
    }
}

/// `1 / |row|`, 0 for a row of zeros. A row of hardly more than zeros has none either: a product of two longer
/// ones does not underflow in f64.
pub(crate) fn inverse_norm<T: Real>(row: &[T]) -> f64 {
    let norm = row.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
    if norm > 1e-140 { norm.recip() } else { 0.0 }
}

/// [`inverse_norm`] of every row.
pub(crate) fn inverse_norms<T: Real>(rows: DenseView<'_, T>) -> Vec<f64> {
    (0..rows.rows()).into_par_iter().map(|row| inverse_norm(rows.row(row))).collect()
}
