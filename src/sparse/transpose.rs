//! The transposed matrix.
//!
//! A counting sort in two steps, each of which writes to few places at a time: entries are dealt to ranges of columns in the
//! order of rows, and those of each range are then put in the order of columns. Placed at once, they would go to as many
//! places as there are columns, most of which are in no cache.

use std::ops::Range;

use rayon::prelude::*;

use super::matrix::CsrMatrix;
use super::view::CsrView;
use crate::kernel::Real;

/// With fewer entries than this for each of them, more threads would only get in each other's way.
const ENTRIES_PER_PART: usize = 1 << 16;

/// The most parts that rows are dealt from: each has its own counts.
const MOST_PARTS: usize = 64;

/// The most ranges of columns, and the fewest columns of one.
const MOST_RANGES: usize = 256;
const FEWEST_COLUMNS: usize = 256;

/// The entries that some rows deal to a range, or all that it gets.
struct Piece<'a, T> {
    rows: &'a mut [i32],
    /// Numbers of columns in their range.
    columns: &'a mut [u32],
    values: &'a mut [T],
}

impl<T> Piece<'_, T> {
    /// Pieces of these lengths, one after the other.
    fn cut(self, lengths: impl Iterator<Item = usize>) -> Vec<Self> {
        let Self { mut rows, mut columns, mut values } = self;
        let cut = |length| Self {
            rows: rows.split_off_mut(..length).unwrap_or_default(),
            columns: columns.split_off_mut(..length).unwrap_or_default(),
            values: values.split_off_mut(..length).unwrap_or_default(),
        };
        lengths.map(cut).collect()
    }
}

impl<T: Real> CsrView<'_, T> {
    /// The transposed matrix. Inside of a pool, its threads share the work.
    #[must_use]
    pub fn transpose(&self) -> CsrMatrix<T> {
        let threads = if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 1 };
        let parts = threads.min(self.stored() / ENTRIES_PER_PART).clamp(1, MOST_PARTS);
        let width = self.columns().div_ceil(MOST_RANGES).max(FEWEST_COLUMNS).next_power_of_two();
        self.transpose_in(parts, width)
    }

    /// The transposed matrix, from so many parts with as many entries each, by ranges of so many columns, a power of two.
    fn transpose_in(&self, parts: usize, width: usize) -> CsrMatrix<T> {
        let (columns, stored) = (self.columns(), self.stored());
        let (ranges, shift) = (columns.div_ceil(width), width.trailing_zeros());
        let first = |part| self.pattern.indptr().partition_point(|&end| end < (part * stored / parts) as i64);
        let parts: Vec<Range<usize>> = (0..parts).map(|part| first(part)..first(part + 1)).collect();
        let mut counts = vec![vec![0; ranges]; parts.len()];
        each(
            parts.iter().zip(&mut counts).collect(),
            || (),
            |(), (rows, counts)| {
                let entries =
                    self.pattern.indptr[rows.start] as usize..self.pattern.indptr[rows.end] as usize;
                for &column in &self.pattern.indices[entries] {
                    counts[column as usize >> shift] += 1;
                }
            },
        );

        let (mut indptr, mut rows) = (vec![0; columns + 1], vec![0; stored]);
        let (mut within, mut values) = (vec![0; stored], vec![T::ZERO; stored]);
        let all = Piece { rows: &mut rows, columns: &mut within, values: &mut values };
        let lengths = (0..ranges).flat_map(|range| counts.iter().map(move |counts| counts[range]));
        let mut dealt: Vec<Vec<Piece<'_, T>>> = parts.iter().map(|_| Vec::with_capacity(ranges)).collect();
        for (at, piece) in all.cut(lengths).into_iter().enumerate() {
            dealt[at % parts.len()].push(piece);
        }
        each(
            parts.into_iter().zip(dealt).collect(),
            || (),
            |(), (rows, pieces)| {
                self.deal(rows, pieces, shift);
            },
        );

        let all = Piece { rows: &mut rows, columns: &mut within, values: &mut values };
        let lengths = (0..ranges).map(|range| counts.iter().map(|counts| counts[range]).sum());
        let mut start = 0;
        let jobs: Vec<_> = all
            .cut(lengths)
            .into_iter()
            .zip(indptr[1..].chunks_mut(width))
            .map(|(piece, ends)| {
                let job = (start, piece, ends);
                start += job.1.rows.len() as i64;
                job
            })
            .collect();
        each(
            jobs,
            || (vec![], vec![], vec![]),
            |(next, rows, values), (start, piece, ends)| {
                piece.sort(start, ends, next, rows, values);
            },
        );
        CsrMatrix::of_parts(self.rows(), indptr, rows, values)
    }

    /// Deals the entries of some rows.
    fn deal(&self, rows: Range<usize>, mut pieces: Vec<Piece<'_, T>>, shift: u32) {
        let mut next = vec![0; pieces.len()];
        for row in rows {
            let entries = self.row(row);
            for (&column, &value) in entries.indices.iter().zip(entries.values) {
                let range = column as usize >> shift;
                let (piece, at) = (&mut pieces[range], next[range]);
                piece.rows[at] = row as i32;
                piece.columns[at] = column as u32 & ((1 << shift) - 1);
                piece.values[at] = value;
                next[range] += 1;
            }
        }
    }
}

impl<T: Real> Piece<'_, T> {
    /// Puts the entries of a range in the order of columns, which are in the order of rows, and writes where each column ends.
    /// The buffers may hold anything.
    fn sort(
        self,
        start: i64,
        ends: &mut [i64],
        next: &mut Vec<usize>,
        rows: &mut Vec<i32>,
        values: &mut Vec<T>,
    ) {
        next.clear();
        next.resize(ends.len() + 1, 0);
        for &column in &*self.columns {
            next[column as usize + 1] += 1;
        }
        for (column, end) in ends.iter_mut().enumerate() {
            next[column + 1] += next[column];
            *end = start + next[column + 1] as i64;
        }
        rows.clear();
        rows.extend_from_slice(self.rows);
        values.clear();
        values.extend_from_slice(self.values);
        for ((&column, &row), &value) in self.columns.iter().zip(&*rows).zip(&*values) {
            let at = &mut next[column as usize];
            self.rows[*at] = row;
            self.values[*at] = value;
            *at += 1;
        }
    }
}

/// Does all jobs, inside of a pool on its threads; each thread has memory of its own.
fn each<J: Send, M>(
    jobs: Vec<J>,
    memory: impl Fn() -> M + Sync + Send,
    work: impl Fn(&mut M, J) + Sync + Send,
) {
    if rayon::current_thread_index().is_some() {
        jobs.into_par_iter().for_each_init(memory, work);
    } else {
        let mut memory = memory();
        for job in jobs {
            work(&mut memory, job);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_number_of_parts_gives_the_transpose_by_a_sort(
            entries in prop::collection::btree_map((0..9_i32, 0..7_i32), -3..4_i32, 0..40),
        ) {
            let triplets: Vec<_> = entries.iter().map(|(&(row, column), &value)| (row, column, f64::from(value))).collect();
            let matrix = CsrMatrix::from_triplets(9, 7, &triplets).expect("they are in range");
            let turned: Vec<_> = triplets.iter().map(|&(row, column, value)| (column, row, value)).collect();
            let expected = CsrMatrix::from_triplets(7, 9, &turned).expect("they are in range");
            for (parts, width) in [(1, 8), (1, 1), (2, 2), (3, 4), (7, 1), (20, 2)] {
                prop_assert_eq!(&matrix.view().transpose_in(parts, width), &expected);
            }
            prop_assert_eq!(&matrix.view().transpose(), &expected);
        }
    }
}
