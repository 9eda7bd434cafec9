//! The candidates of a search, packed once for many searches.
//!
//! Candidates are turned into the basis of [`Basis`], rounded to f32 and put in order of falling norm. Their first
//! `depth` coordinates are packed into panels, the others lie row after row. A search then leaves out what provably
//! cannot enter, in three ways:
//!
//! - by the inequality of Cauchy and Schwarz a score is at most the product of the norms: since norms fall from
//!   panel to panel, a query is done with all the rest once that product is below its worst result;
//! - the first `depth` coordinates are multiplied, and the others add at most the product of their norms;
//! - for what passes, the others are multiplied as well.
//!
//! Whatever is left is scored anew from the factors themselves, so results do not depend on any of this.
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
use crate::kernel::{self, Buffer, PANEL, Real, Screen, Simd, WithSimd, padded};
use crate::pool;
use crate::rank::basis::Basis;
use crate::rank::depth::choose;

/// Candidates that are turned at a time.
const ROWS_PER_TURN: usize = 256;

/// Packed candidates. Holds copies: it is for the factors that it was made from.
pub struct Index {
    pub(crate) f: usize,
    basis: Basis,
    /// The candidates in order of falling norm.
    pub(crate) order: Vec<i32>,
    /// How many coordinates are screened.
    pub(crate) depth: usize,
    /// Panel after panel, `depth × PANEL` numbers each.
    panels: Vec<f32>,
    /// For each panel, `PANEL` norms of the other coordinates, rounded up.
    tails: Vec<f32>,
    /// The other coordinates of each candidate, in order, padded.
    rests: Buffer<f32>,
    /// For each panel, the largest `|ỹ|` and the largest `N_y` in it and all after it.
    pub(crate) reach: Vec<[f64; 2]>,
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

    /// Whether this is an index of so many rows of this kind; whether of these very rows is the caller's duty.
    pub(crate) fn check<T: Real>(&self, rows: DenseView<'_, T>, directions: bool) -> Result<()> {
        check_size("the number of candidates in the index", rows.rows(), self.order.len())?;
        check_size("the number of factors in the index", rows.columns(), self.f)?;
        if self.inverse_norms.is_some() != directions {
            let (name, expected) =
                ("index", "of items for recommending, of directions for finding neighbours");
            return Err(Error::InvalidParameter { name, expected, value: f64::from(u8::from(!directions)) });
        }
        Ok(())
    }

    fn new<T: Real>(
        basis: Basis,
        queries: DenseView<'_, T>,
        candidates: DenseView<'_, T>,
        inverse_norms: Option<Vec<f64>>,
    ) -> Self {
        let (f, len) = (candidates.columns(), candidates.rows());
        let mut turned = vec![0.0_f32; len * f];
        let mut norms = vec![[0.0_f64; 2]; len];
        turned
            .par_chunks_mut((ROWS_PER_TURN * f).max(1))
            .zip(norms.par_chunks_mut(ROWS_PER_TURN))
            .enumerate()
            .for_each(|(block, (out, norms))| {
                let first = block * ROWS_PER_TURN;
                let scales = inverse_norms.as_deref().map(|scales| &scales[first..]);
                kernel::dispatch(Turn { basis: &basis, candidates, scales, first, out, norms });
            });
        let mut order: Vec<i32> = (0..len as i32).collect();
        order.par_sort_unstable_by(|&a, &b| {
            norms[b as usize][0].total_cmp(&norms[a as usize][0]).then(a.cmp(&b))
        });
        let depth = choose(&basis, queries, inverse_norms.as_deref(), &turned);
        let (count, width) = (len.div_ceil(PANEL), padded(f - depth));
        let mut panels = vec![0.0_f32; count * PANEL * depth];
        let mut tails = vec![0.0_f32; count * PANEL];
        let mut rests = Buffer::<f32>::new::<f32>(count * PANEL * width.max(1));
        panels
            .par_chunks_mut(PANEL * depth)
            .zip(tails.par_chunks_mut(PANEL))
            .zip(rests.as_mut_slice().par_chunks_mut(PANEL * width.max(1)))
            .zip(order.par_chunks(PANEL))
            .for_each(|(((panel, tails), rests), ids)| {
                for (lane, &id) in ids.iter().enumerate() {
                    let (head, rest) = turned[id as usize * f..][..f].split_at(depth);
                    for (k, &value) in head.iter().enumerate() {
                        panel[k * PANEL + lane] = value;
                    }
                    rests[lane * width..][..rest.len()].copy_from_slice(rest);
                    tails[lane] = norm_up(rest);
                }
            });
        let mut reach = vec![[0.0_f64; 2]; count];
        let mut largest = [0.0_f64; 2];
        for (reach, ids) in reach.iter_mut().zip(order.chunks(PANEL)).rev() {
            for &id in ids {
                // A NaN, from factors that overflow, is as large as can be.
                for (largest, norm) in largest.iter_mut().zip(norms[id as usize]) {
                    *largest = if norm <= *largest { *largest } else { norm };
                }
            }
            *reach = largest.map(|norm| if norm.is_nan() { f64::INFINITY } else { norm });
        }
        Self { f, basis, order, depth, panels, tails, rests, reach, inverse_norms }
    }

    /// A panel as the screen takes it.
    #[inline(always)]
    pub(crate) fn screen(&self, panel: usize) -> Screen<'_> {
        let size = PANEL * self.depth;
        Screen {
            panel: &self.panels[panel * size..(panel + 1) * size],
            depth: self.depth,
            tails: &self.tails[panel * PANEL..(panel + 1) * PANEL],
        }
    }

    /// The norm of the coordinates of the candidate at `position` in the order that are not screened, and those.
    #[inline(always)]
    pub(crate) fn rest(&self, position: usize) -> (f32, &[f32]) {
        let width = padded(self.f - self.depth);
        (self.tails[position], &self.rests.as_slice()[position * width..(position + 1) * width])
    }

    /// Room for turned queries.
    pub(crate) fn turned(&self) -> Turned {
        let (depth, width) = (self.depth, padded(self.f - self.depth));
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
        norms.push(norms_of(x, scale, row));
    }

    /// What rounding can add to a score, for a query and the candidates from a panel on.
    pub(crate) fn slack(&self, [_, n_x]: [f64; 2], panel: usize) -> f64 {
        let f = self.f as f64;
        let c = (2.0 * f + 24.0) * 1.1 * f64::from(f32::EPSILON) / 2.0 + self.basis.distortion;
        c * n_x * self.reach[panel][1]
            + 4.0 * (f + 4.0) * f64::from(f32::MIN_POSITIVE) * (1.0 + n_x + self.reach[panel][1])
    }
}

/// Turns a block of candidates.
struct Turn<'a, T> {
    basis: &'a Basis,
    candidates: DenseView<'a, T>,
    /// What the candidates from `first` on are multiplied by, if not by 1.
    scales: Option<&'a [f64]>,
    first: usize,
    out: &'a mut [f32],
    norms: &'a mut [[f64; 2]],
}

impl<T: Real> WithSimd for Turn<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { basis, candidates, scales, first, out, norms } = self;
        let mut wide = Vec::new();
        for (at, (out, norms)) in out.chunks_exact_mut(candidates.columns().max(1)).zip(norms).enumerate() {
            let (row, scale) = (candidates.row(first + at), scales.map_or(1.0, |scales| scales[at]));
            basis.turn_candidate(row, scale, &mut wide, out);
            *norms = norms_of(row, scale, out);
        }
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Index({} candidates, {} of {} coordinates screened)",
            self.order.len(),
            self.depth,
            self.f
        )
    }
}

/// `|x̃|`, and the larger of it and `|x|`.
#[inline(always)]
fn norms_of<T: Real>(x: &[T], scale: f64, turned: &[f32]) -> [f64; 2] {
    let norm = x.iter().map(|x| (x.to_f64() * scale).powi(2)).sum::<f64>().sqrt();
    let turned = norm_f64(turned);
    // Written so that NaN and infinity stay.
    [turned, if norm <= turned { turned } else { norm * (1.0 + 1e-9) }]
}

/// The norm, rounded up a little.
#[inline(always)]
fn norm_f64(x: &[f32]) -> f64 {
    x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt() * (1.0 + 1e-9)
}

/// The norm, rounded up to f32.
#[inline(always)]
fn norm_up(x: &[f32]) -> f32 {
    let norm = norm_f64(x);
    if norm == 0.0 { 0.0 } else { (norm as f32).next_up() }
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
