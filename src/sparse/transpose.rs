//! The transposed matrix.

use rayon::prelude::*;

use super::matrix::CsrMatrix;
use super::view::CsrView;
use crate::kernel::Real;

/// With fewer entries than this for each of them, more threads would only get in each other's way.
const ENTRIES_PER_PART: usize = 1 << 16;

/// The most parts that columns are counted in: each has its own counts.
const MOST_COUNTS: usize = 8;

impl<T: Real> CsrView<'_, T> {
    /// The transposed matrix, by a counting sort: one pass to count, one to place. Inside of a pool, its threads share
    /// the columns.
    #[must_use]
    pub fn transpose(&self) -> CsrMatrix<T> {
        let threads = if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 1 };
        self.transpose_in_parts(threads.min(self.stored() / ENTRIES_PER_PART).max(1))
    }

    /// The transposed matrix, its rows made in so many parts with as many entries each.
    fn transpose_in_parts(&self, parts: usize) -> CsrMatrix<T> {
        let (columns, stored) = (self.columns(), self.stored());
        let mut indptr = Vec::with_capacity(columns + 1);
        indptr.push(0);
        let mut end = 0;
        for degree in self.degrees_in_parts(parts.min(MOST_COUNTS)) {
            end += degree;
            indptr.push(end);
        }
        let (mut indices, mut values) = (vec![0; stored], vec![T::ZERO; stored]);
        let mut jobs = Vec::with_capacity(parts);
        let (mut indices_left, mut values_left, mut first) = (&mut indices[..], &mut values[..], 0);
        for part in 1..=parts {
            let wanted = (part * stored / parts) as i64;
            let last = if part == parts { columns } else { indptr.partition_point(|&end| end < wanted) };
            let last = last.clamp(first, columns);
            let count = (indptr[last] - indptr[first]) as usize;
            let (own_indices, rest) = indices_left.split_at_mut(count);
            indices_left = rest;
            let (own_values, rest) = values_left.split_at_mut(count);
            values_left = rest;
            jobs.push((first..last, own_indices, own_values));
            first = last;
        }
        let place = |(columns, indices, values)| self.place(&indptr, columns, indices, values);
        match jobs.pop() {
            Some(only) if jobs.is_empty() => place(only),
            last => jobs.into_par_iter().chain(last).for_each(place),
        }
        CsrMatrix::of_parts(self.rows(), indptr, indices, values)
    }

    /// Writes the entries of some columns, which start at `indptr`.
    fn place(&self, indptr: &[i64], columns: std::ops::Range<usize>, indices: &mut [i32], values: &mut [T]) {
        let whole = columns.len() == self.columns();
        let start = indptr[columns.start];
        let mut next: Vec<i64> = indptr[columns.clone()].iter().map(|&at| at - start).collect();
        for row in 0..self.rows() {
            let entries = self.row(row);
            // Columns increase within a row, so those of this part stand together.
            let from = |column: usize| entries.indices.partition_point(|&other| (other as usize) < column);
            let own = if whole { 0..entries.indices.len() } else { from(columns.start)..from(columns.end) };
            for (&column, &value) in entries.indices[own.clone()].iter().zip(&entries.values[own]) {
                let at = &mut next[column as usize - columns.start];
                indices[*at as usize] = row as i32;
                values[*at as usize] = value;
                *at += 1;
            }
        }
    }

    /// The number of entries in each column, counted in so many parts.
    fn degrees_in_parts(&self, parts: usize) -> Vec<i64> {
        if parts < 2 {
            return self.column_degrees();
        }
        let count = |indices: &[i32]| {
            let mut degrees = vec![0_i64; self.columns()];
            for &column in indices {
                degrees[column as usize] += 1;
            }
            degrees
        };
        let counts = self.pattern.indices.par_chunks(self.stored().div_ceil(parts).max(1)).map(count);
        let add = |mut sum: Vec<i64>, other: Vec<i64>| {
            sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
            sum
        };
        counts.reduce_with(add).unwrap_or_else(|| vec![0; self.columns()])
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
            for parts in [1, 2, 3, 7, 20] {
                prop_assert_eq!(&matrix.view().transpose_in_parts(parts), &expected);
            }
        }
    }
}
