//! Sums of sparse rows: `Σ w · row` as a dense vector of which only what was touched is looked at.
//!
//! Everything item-item models do is made of these. A thread has one vector, which is clean again after each use.
//! What has not been touched holds `-0.0`: adding a number to it gives that number, and no sum of numbers that are
//! not `-0.0` gives `-0.0`. So zero stays different from nothing, without a list of what was touched.

use crate::kernel::{Real, prefetch};
use crate::sparse::{CsrView, Row};

/// What stands where nothing has been added.
const NOTHING: f64 = -0.0;

/// How many rows ahead of their use are asked for. Rows of users lie anywhere in memory.
const AHEAD: usize = 8;

/// With fewer terms than columns divided by this, the rows are walked through once more rather than the vector.
const SPARSE: usize = 4;

/// Sums that are looked at together: with one comparison for all of them.
const BLOCK: usize = 16;

/// One vector of sums, in f64 whatever the rows are in.
pub(crate) struct Sums {
    values: Vec<f64>,
}

impl Sums {
    pub(crate) fn new(columns: usize) -> Self {
        Self { values: vec![NOTHING; columns] }
    }

    /// Adds `left_e · right[e, :]` for all entries of `left`, in their order.
    #[inline(always)]
    pub(crate) fn add<T: Real>(&mut self, left: Row<'_, T>, right: &CsrView<'_, T>) {
        let (indptr, indices, values) = (right.pattern().indptr(), right.pattern().indices(), right.values());
        for (at, (&row, weight)) in left.indices.iter().zip(left.values).enumerate() {
            if let Some(&next) = left.indices.get(at + AHEAD) {
                let (start, end) = (indptr[next as usize] as usize, indptr[next as usize + 1] as usize);
                prefetch(indices, start, end - start);
                prefetch(values, start, end - start);
            }
            let weight = weight.to_f64();
            let row = right.row(row as usize);
            for (&column, value) in row.indices.iter().zip(row.values) {
                self.values[column as usize] += weight * value.to_f64();
            }
        }
    }

    /// The sum of one column; `None` where nothing has been added.
    pub(crate) fn get(&self, column: usize) -> Option<f64> {
        let value = self.values[column];
        is_something(value).then_some(value)
    }

    /// Hands over every sum of what [`add`](Self::add) was given, once, and leaves nothing behind. `hopeless` says of
    /// a block of columns from a number on, and their sums, whether none of them can be of use.
    #[inline(always)]
    pub(crate) fn drain<T: Real, S>(
        &mut self,
        left: Row<'_, T>,
        right: &CsrView<'_, T>,
        state: &mut S,
        hopeless: impl Fn(&S, usize, &[f64; BLOCK]) -> bool,
        mut take: impl FnMut(&mut S, usize, f64),
    ) {
        let terms: usize = left.indices.iter().map(|&row| right.row(row as usize).indices.len()).sum();
        if terms < self.values.len() / SPARSE {
            for &row in left.indices {
                for &column in right.row(row as usize).indices {
                    let value = std::mem::replace(&mut self.values[column as usize], NOTHING);
                    if is_something(value) {
                        take(state, column as usize, value);
                    }
                }
            }
            return;
        }
        let (blocks, rest) = self.values.as_chunks_mut::<BLOCK>();
        let whole = blocks.len() * BLOCK;
        for (number, block) in blocks.iter_mut().enumerate() {
            if !hopeless(state, number * BLOCK, block) {
                for (lane, &value) in block.iter().enumerate() {
                    if is_something(value) {
                        take(state, number * BLOCK + lane, value);
                    }
                }
            }
            *block = [NOTHING; BLOCK];
        }
        for (lane, value) in rest.iter_mut().enumerate() {
            let value = std::mem::replace(value, NOTHING);
            if is_something(value) {
                take(state, whole + lane, value);
            }
        }
    }
}

fn is_something(value: f64) -> bool {
    value.to_bits() != NOTHING.to_bits()
}
