//! Sums of sparse rows: `Σ w · row` as a dense vector of which only what was touched is looked at.
//!
//! What models with a sparse matrix of items x items recommend is made of these. A thread has one vector, which is clean again after each use.
//! What has not been touched holds `-0.0`: adding a number to it gives that number, and no sum of numbers that are
//! not `-0.0` gives `-0.0`. So zero stays different from nothing.

use crate::kernel::{Real, prefetch};
use crate::sparse::{CsrView, Row};

/// What stands where nothing has been added.
pub(crate) const NOTHING: f64 = -0.0;

/// How many rows ahead of their use are asked for. Rows of users lie anywhere in memory.
const AHEAD: usize = 8;

/// With fewer terms than columns divided by this, what is touched is listed rather than looked for.
const SPARSE: usize = 12;

/// Sums that are looked at together: with one comparison for all of them.
const BLOCK: usize = 16;

/// One vector of sums, in f64 whatever the rows are in.
pub(crate) struct Sums {
    values: Vec<f64>,
    /// The columns that were reached, where they are listed.
    touched: Vec<u32>,
    /// How many those are.
    listed: Option<usize>,
}

impl Sums {
    pub(crate) fn new(columns: usize) -> Self {
        Self { values: vec![NOTHING; columns], touched: vec![0; columns / SPARSE + 1], listed: None }
    }

    /// Adds `left_e · right[e, :]` for all entries of `left`, in their order.
    #[inline(always)]
    pub(crate) fn add<T: Real>(&mut self, left: Row<'_, T>, right: &CsrView<'_, T>) {
        let terms: usize = left.indices.iter().map(|&row| right.row(row as usize).indices.len()).sum();
        if terms < self.values.len() / SPARSE {
            let mut listed = 0;
            for_terms(left, right, |column, term| {
                let sum = &mut self.values[column];
                self.touched[listed] = column as u32;
                listed += usize::from(!is_something(*sum));
                *sum += term;
            });
            self.listed = Some(listed);
        } else {
            for_terms(left, right, |column, term| self.values[column] += term);
            self.listed = None;
        }
    }

    /// The sum of one column; `None` where nothing has been added.
    pub(crate) fn get(&self, column: usize) -> Option<f64> {
        let value = self.values[column];
        is_something(value).then_some(value)
    }

    /// Hands over every sum of what [`add`](Self::add) was given, once, and leaves nothing behind. `hopeless` says of
    /// a block of sums whether none of them can be of use.
    #[inline(always)]
    pub(crate) fn drain<S: ?Sized>(
        &mut self,
        state: &mut S,
        hopeless: impl Fn(&S, &[f64; BLOCK]) -> bool,
        mut take: impl FnMut(&mut S, usize, f64),
    ) {
        if let Some(listed) = self.listed {
            for &column in &self.touched[..listed] {
                let sum = std::mem::replace(&mut self.values[column as usize], NOTHING);
                // A zero times a negative number adds nothing.
                if is_something(sum) {
                    take(state, column as usize, sum);
                }
            }
            return;
        }
        let (blocks, rest) = self.values.as_chunks_mut::<BLOCK>();
        let whole = blocks.len() * BLOCK;
        for (number, block) in blocks.iter_mut().enumerate() {
            if !hopeless(state, block) {
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

/// Goes through all terms of a sum, row after row.
#[inline(always)]
fn for_terms<T: Real>(left: Row<'_, T>, right: &CsrView<'_, T>, mut add: impl FnMut(usize, f64)) {
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
            add(column as usize, weight * value.to_f64());
        }
    }
}

/// Whether anything has been added.
#[inline(always)]
pub(crate) fn is_something(value: f64) -> bool {
    value.to_bits() != NOTHING.to_bits()
}
