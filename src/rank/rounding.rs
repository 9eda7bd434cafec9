//! Rows of factors as small integers times a unit, and what that leaves out.

use crate::dense::DenseView;
use crate::kernel::{LARGEST_OF_CANDIDATE, LARGEST_OF_QUERY, LONGEST, Real};

/// Rows that are looked at to balance coordinates.
const SAMPLE: usize = 1024;

/// The unit grows by so much until the integers are short enough; rounding makes them hardly longer.
const GROWTH: f64 = 1.01;

/// What the coordinates of queries are multiplied by, and those of candidates divided: powers of two, which change no score.
///
/// A unit is for all coordinates of a row alike. If one is large on one side and small on the other, as in the left and
/// right vectors of a singular value decomposition of which only one is scaled, the other coordinates would be left with few digits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Balance(Vec<[f64; 2]>);

impl Balance {
    /// Nothing is changed.
    pub(crate) fn none(f: usize) -> Self {
        Self(vec![[1.0; 2]; f])
    }

    /// With which each coordinate is about as large on both sides.
    pub(crate) fn of<T: Real>(queries: DenseView<'_, T>, candidates: DenseView<'_, T>) -> Self {
        let sides = mean_squares(queries).into_iter().zip(mean_squares(candidates));
        Self(
            sides
                .map(|(queries, candidates)| {
                    let exponent = ((candidates / queries).log2() / 4.0).round();
                    if exponent.abs() < 256.0 { [exponent.exp2(), (-exponent).exp2()] } else { [1.0; 2] }
                })
                .collect(),
        )
    }

    pub(crate) fn query<'a, T: Real>(&'a self, row: &'a [T], scale: f64) -> impl Iterator<Item = f64> + 'a {
        row.iter().zip(&self.0).map(move |(value, balance)| value.to_f64() * scale * balance[0])
    }

    pub(crate) fn candidate<'a, T: Real>(
        &'a self,
        row: &'a [T],
        scale: f64,
    ) -> impl Iterator<Item = f64> + 'a {
        row.iter().zip(&self.0).map(move |(value, balance)| value.to_f64() * scale * balance[1])
    }
}

/// Of some rows from everywhere.
fn mean_squares<T: Real>(rows: DenseView<'_, T>) -> Vec<f64> {
    let count = rows.rows().min(SAMPLE);
    let mut sums = vec![0.0; rows.columns()];
    for at in 0..count {
        for (sum, value) in sums.iter_mut().zip(rows.row(at * rows.rows() / count)) {
            *sum += value.to_f64() * value.to_f64() / count as f64;
        }
    }
    sums
}

/// The length of a row, rounded up, and its largest coordinate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) norm: f64,
    largest: f64,
}

impl Extent {
    pub(crate) const NOTHING: Self = Self { norm: 0.0, largest: 0.0 };

    #[inline(always)]
    pub(crate) fn of(row: &[f64]) -> Self {
        let largest = row.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        Self { norm: norm(row), largest }
    }

    /// That of all rows that have one of these. NaN stays.
    pub(crate) fn and(self, other: Self) -> Self {
        let norm = if self.norm > other.norm || self.norm.is_nan() { self.norm } else { other.norm };
        Self { norm, largest: self.largest.max(other.largest) }
    }

    /// How many units there are in 1, so that queries are as long as they may be; `None` if that is no number to work with.
    pub(crate) fn units_of_query(self) -> Option<f64> {
        self.units(LARGEST_OF_QUERY)
    }

    /// The same for candidates.
    pub(crate) fn units_of_candidate(self) -> Option<f64> {
        self.units(LARGEST_OF_CANDIDATE)
    }

    fn units(self, most: f64) -> Option<f64> {
        if self.norm == 0.0 {
            return Some(1.0);
        }
        let units = (LONGEST / self.norm).min(most / self.largest);
        (self.norm.is_finite() && units.is_normal()).then_some(units)
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounded {
    /// The length of the integers, rounded up.
    pub(crate) length: f64,
    /// The length of what they leave out, in units, rounded up.
    pub(crate) rest: f64,
}

/// Rounds `row`, of which so many units are 1, and hands out the integers.
#[inline(always)]
pub(crate) fn round(row: &[f64], units: f64, mut take: impl FnMut(usize, f64)) -> Rounded {
    let (mut length, mut rest) = (0.0, 0.0);
    for (k, value) in row.iter().enumerate() {
        let scaled = value * units;
        let integer = scaled.round_ties_even();
        length += integer * integer;
        rest += (scaled - integer) * (scaled - integer);
        take(k, integer);
    }
    Rounded { length: length.sqrt() * (1.0 + 1e-9), rest: rest.sqrt() * (1.0 + 1e-9) + 1e-9 }
}

/// Calls `round` with fewer and fewer units until what it returns is not too long.
#[inline(always)]
pub(crate) fn shortened<R>(mut units: f64, mut round: impl FnMut(f64) -> (f64, R)) -> (f64, R) {
    loop {
        let (length, rounded) = round(units);
        debug_assert!(!length.is_nan(), "the length of integers");
        if length <= LONGEST {
            return (units, rounded);
        }
        units /= GROWTH;
    }
}

/// The norm, rounded up.
#[inline(always)]
fn norm(row: &[f64]) -> f64 {
    crate::kernel::dot(row, row).sqrt() * (1.0 + 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_balanced_by_powers_of_two() {
        let (x, y) = ([8.0_f32, 1.0, 0.0, 3.0, -8.0, 1.0, 0.0, 3.0], [0.125_f32, 1.0, 5.0, f32::NAN]);
        let balance = Balance::of(DenseView::of_rows(&x, 4), DenseView::of_rows(&y, 4));
        assert_eq!(balance, Balance(vec![[0.125, 8.0], [1.0; 2], [1.0; 2], [1.0; 2]]));
        assert_eq!(balance.query(&x[..2], 2.0).collect::<Vec<_>>(), [2.0, 2.0]);
        assert_eq!(balance.candidate(&y[..2], 2.0).collect::<Vec<_>>(), [2.0, 2.0]);
    }

    #[test]
    fn integers_are_as_long_as_may_be_and_what_they_leave_out_is_counted() {
        let row: Vec<f64> = (0..300).map(|k| f64::from(k * 37 % 101) - 50.0).collect();
        let extent = Extent::of(&row);
        let (units, (integers, rounded)) = shortened(extent.units_of_candidate().expect("finite"), |units| {
            let mut integers = vec![];
            let rounded = round(&row, units, |_, integer| integers.push(integer));
            (rounded.length, (integers, rounded))
        });
        let length = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
        let rest: Vec<f64> = row.iter().zip(&integers).map(|(x, integer)| x * units - integer).collect();
        assert!((length(&integers) - rounded.length).abs() < 1e-6);
        assert!(rounded.length <= LONGEST && rounded.length > LONGEST - 5.0);
        assert!(length(&rest) <= rounded.rest && rounded.rest < length(&rest) + 1e-6);
        assert!(rest.iter().all(|rest| rest.abs() <= 0.5));
    }

    #[test]
    fn nothing_has_any_unit_and_what_is_no_number_has_none() {
        assert_eq!(Extent::of(&[0.0; 3]).units_of_query(), Some(1.0));
        assert_eq!(Extent::of(&[0.0, 2.0]).units_of_query(), Some(31.5));
        let with = |row: &[f64; 2]| {
            Extent::NOTHING.and(Extent::of(row)).and(Extent::of(&[1.0, 2.0])).units_of_query()
        };
        for row in [[1.0, f64::NAN], [f64::INFINITY, 0.0], [1e200, 0.0]] {
            assert_eq!(with(&row), None, "{row:?}");
        }
        assert_eq!(with(&[1e-200, 0.0]), Some(31.5));
    }
}
