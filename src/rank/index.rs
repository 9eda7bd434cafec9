//! The candidates of a search, packed once for many searches.
//!
//! Candidates are packed as bytes: integers times the unit of their panel. A search then leaves out what provably cannot
//! enter, in two ways:
//!
//! - by the inequality of Cauchy and Schwarz a score is at most the product of the norms: a query is done with all the
//!   rest once its norm times the largest from a panel on, the panel's reach, is below its worst result;
//! - the integers of both are multiplied, and what rounding left out of either adds at most its norm times that of the other.
//!
//! Any order gives the same results; searches are short if candidates are in order of falling norm, as they are when first
//! packed. Whatever is left is scored from the factors themselves, so results do not depend on any of this. In balance
//! ([`Balance`]) a number is multiplied by a power of two, and another one that it is multiplied by is divided by it.
//!
//! # Why nothing is lost to rounding
//!
//! Let `q = a (q̂ + d)` and `c = b (ĉ + e)`, with the units `a`, `b`, the integers `q̂`, `ĉ` and what they leave out. Then
//!
//! `q·c = a b (q̂·ĉ + q̂·e + d·(ĉ + e)) ≤ a b (q̂·ĉ + |q̂| |e| + |d| |c| / b)`
//!
//! The score that is compared in the end is a sum of `f` products in `T`, or a cosine that is computed in f64 and rounded
//! once. With `u = 2⁻²⁴`, f32 being the worse case, it is off by at most `(f + 4) u / (1 − (f + 4) u) |q| |c|` (Higham, Accuracy and
//! Stability of Numerical Algorithms, section 3.1), which is below `(f + 8) · 1.1 u |q| |c|` for any f below 100,000, and a
//! number that underflows, gradually, by less than the smallest normal one in each operation. So a candidate whose integers have a sum
//! below `θ / (a b)` less all of these has a score below `θ`. All of it is computed in f64, with
//! [`UNSURE`] for what that rounds. Where sums may overflow, and where anything is NaN, candidates pass.

use rayon::prelude::*;

use crate::dense::DenseView;
use crate::error::{Error, Result, check_factors, check_size};
use crate::kernel::{OFFSET, QUERIES, Real, bytes, least_sum};
use crate::pool;
use crate::rank::packing::{About, Given, Packed};
use crate::rank::rounding::{Balance, Extent, round, shortened};

/// More than f64 can be off where sums are bounded: those that matter are below 10⁵.
const UNSURE: f64 = 1e-3;

/// Packed candidates. Holds copies: it is for the factors that it was made from.
pub struct Index {
    pub(crate) f: usize,
    balance: Balance,
    /// The candidates as they are packed.
    pub(crate) order: Vec<i32>,
    pub(crate) packed: Packed,
    /// `1 / |y|` by id, where candidates are compared by their direction.
    pub(crate) inverse_norms: Option<Vec<f64>>,
}

/// Queries as bytes.
pub(crate) struct Queries {
    width: usize,
    /// In balance, and not rounded.
    row: Vec<f64>,
    bytes: Vec<u8>,
    pub(crate) about: Vec<AboutQuery>,
}

/// What is known of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AboutQuery {
    norm: f64,
    /// How many units 1 has.
    units: f64,
    /// The length of the integers.
    length: f64,
    /// The length of what they leave out, and what rounding can add to a score for each unit of a candidate's length.
    rest: f64,
    /// What a score can be off by underflow.
    tiny: f64,
}

impl Queries {
    #[inline(always)]
    pub(crate) fn bytes(&self, query: usize) -> &[u8] {
        &self.bytes[query * self.width..(query + 1) * self.width]
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.about.clear();
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
        check_factors(item_factors.columns())?;
        let balance = Balance::of(user_factors, item_factors);
        pool::run(threads, || Self::new(item_factors, balance, None, None))
    }

    /// Packs rows for finding those of like direction.
    pub fn of_directions<T: Real>(factors: DenseView<'_, T>, threads: usize) -> Result<Self> {
        check_factors(factors.columns())?;
        let balance = Balance::none(factors.columns());
        pool::run(threads, || Self::new(factors, balance, None, Some(inverse_norms(factors))))
    }

    /// Packs items that have moved since `before` was made of as many: in its order, which takes a part of the time.
    /// Searches are as exact, and the longer the further the items have moved.
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
        let (balance, order) = (before.balance.clone(), before.order.clone());
        pool::run(threads, || Self::new(item_factors, balance, Some(order), None))
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
        candidates: DenseView<'_, T>,
        balance: Balance,
        order: Option<Vec<i32>>,
        inverse_norms: Option<Vec<f64>>,
    ) -> Self {
        let given = Given { rows: candidates, scales: inverse_norms.as_deref(), balance: &balance };
        let order = order.unwrap_or_else(|| given.falling());
        let packed = Packed::new(given, &order);
        Self { f: candidates.columns(), balance, order, packed, inverse_norms }
    }

    /// Room for queries.
    pub(crate) fn queries(&self) -> Queries {
        Queries { width: bytes(self.f), row: Vec::with_capacity(self.f), bytes: vec![], about: vec![] }
    }

    /// Rounds one more query, times `scale`.
    #[inline(always)]
    pub(crate) fn round<T: Real>(&self, x: &[T], scale: f64, queries: &mut Queries) {
        let Queries { width, row, bytes, about } = queries;
        row.clear();
        row.extend(self.balance.query(x, scale));
        let (extent, start) = (Extent::of(row), bytes.len());
        let norm = extent.norm;
        bytes.resize(start + *width, OFFSET);
        let (f, longest) = (self.f as f64, self.packed.longest);
        let tiny = 4.0 * (f + 4.0) * f64::from(f32::MIN_POSITIVE) * (1.0 + norm + longest);
        let units = extent.units_of_query().filter(|_| norm * longest < T::MAX.to_f64() / 2.0);
        about.push(match units {
            // Zeros, of which nothing is known: all candidates pass.
            None => AboutQuery { norm: f64::INFINITY, units: 1.0, length: 0.0, rest: f64::INFINITY, tiny },
            Some(units) => {
                let out = &mut bytes[start..];
                let (units, rounded) = shortened(units, |units| {
                    let rounded = round(row, units, |k, integer| {
                        out[k] = (integer as i8).wrapping_add(OFFSET as i8).cast_unsigned();
                    });
                    (rounded.length, rounded)
                });
                let rest = rounded.rest + self.rounding() * norm * units;
                AboutQuery { norm, units, length: rounded.length, rest, tiny }
            }
        });
    }

    /// What rounding adds to a score at most, as a part of the product of the norms.
    fn rounding(&self) -> f64 {
        (self.f as f64 + 8.0) * 1.1 * f64::from(f32::EPSILON) / 2.0
    }

    /// Whether any candidate from this panel on can score so much.
    #[inline(always)]
    pub(crate) fn reaches(&self, query: AboutQuery, panel: usize, score: f64) -> bool {
        let most = query.norm * self.packed.about[panel].reach * (1.0 + self.rounding()) + query.tiny;
        most >= score || most.is_nan()
    }

    /// Whether a candidate of a panel with this sum of integers certainly scores more.
    #[inline(always)]
    pub(crate) fn is_above(&self, query: AboutQuery, panel: usize, found: i16, score: f64) -> bool {
        let About { units, rest, length, .. } = self.packed.about[panel];
        let sum = (score + query.tiny) * query.units * units;
        f64::from(found) > sum + (query.length * rest + query.rest * length + UNSURE)
    }
}

/// What a group of queries asks of candidates, before the units of a panel.
#[derive(Default)]
pub(crate) struct Demands {
    sums: [f64; QUERIES],
    lengths: [f64; QUERIES],
    rests: [f64; QUERIES],
}

impl Demands {
    /// Candidates are to score so much with query `m`.
    #[inline(always)]
    pub(crate) fn set(&mut self, m: usize, query: AboutQuery, score: f64) {
        self.sums[m] = (score - query.tiny) * query.units;
        self.lengths[m] = query.length;
        self.rests[m] = query.rest;
    }

    /// Candidates of a panel with a smaller sum of integers are not asked for.
    #[inline(always)]
    pub(crate) fn least_sum(&self, m: usize, about: &About) -> i16 {
        let About { units, rest, length, .. } = about;
        least_sum(self.sums[m] * units - self.lengths[m] * rest - self.rests[m] * length - UNSURE)
    }

    /// The same for all queries. No closure: one would be compiled for any CPU, and rounding become a call.
    #[inline(always)]
    pub(crate) fn least_sums(&self, about: &About) -> [i16; QUERIES] {
        let mut least = [0; QUERIES];
        for (m, least) in least.iter_mut().enumerate() {
            *least = self.least_sum(m, about);
        }
        least
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Index({} candidates of {} coordinates)", self.order.len(), self.f)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_rounding_leaves_out_is_in_the_bound() {
        let candidates = DenseView::of_rows(&[0.0_f32, 127.0, 0.5, 0.0], 2);
        let index = Index::new(candidates, Balance::none(2), None, None);
        assert_eq!(index.order, [0, 1]);
        let mut queries = index.queries();
        // A half of the first query is left out where the first candidate is long, and a half of the second candidate
        // where the second query is long.
        let cases = [([63.0_f32, 20.5], 20 * 127, 20.5 * 127.0), ([63.0, 20.0], 0, 31.5)];
        for (at, (query, sum, score)) in cases.into_iter().enumerate() {
            index.round(&query, 1.0, &mut queries);
            let mut demands = Demands::default();
            demands.set(at, queries.about[at], score);
            let least = demands.least_sum(at, &index.packed.about[0]);
            assert_eq!(demands.least_sums(&index.packed.about[0])[at], least);
            assert!(least <= sum, "{least} for a sum of {sum} and a score of {score}");
        }
    }
}
