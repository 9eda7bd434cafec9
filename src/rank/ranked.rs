//! A sparse matrix with its columns renamed by how often they occur, by rows and by columns.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use crate::kernel::Real;
use crate::sparse::CsrView;

/// An entry of a row.
#[derive(Clone, Copy)]
pub(crate) struct Entry<T> {
    pub(crate) rank: u32,
    pub(crate) value: T,
}

/// An entry of a column: its value, and which entries of its row come before it.
#[derive(Clone, Copy)]
pub(crate) struct Term<T> {
    pub(crate) start: usize,
    pub(crate) len: u32,
    pub(crate) value: T,
}

/// Columns in the order of ranks: the most frequent first, ties to the smaller column.
pub(crate) struct Ranked<T> {
    /// The column of each rank.
    pub(crate) order: Vec<u32>,
    /// The rank of each column.
    pub(crate) rank: Vec<u32>,
    /// All entries row after row, in the order of ranks.
    pub(crate) entries: Vec<Entry<T>>,
    /// Where the terms of each rank start, and where the last ones end.
    starts: Vec<usize>,
    terms: Vec<Term<T>>,
}

impl<T: Real> Ranked<T> {
    pub(crate) fn new(rows: &CsrView<'_, T>) -> Self {
        let degrees = rows.column_degrees();
        let mut order: Vec<u32> = (0..rows.columns() as u32).collect();
        order.sort_unstable_by_key(|&column| (Reverse(degrees[column as usize]), column));
        let mut rank = vec![0; order.len()];
        let mut starts = vec![0; order.len() + 1];
        for (at, &column) in order.iter().enumerate() {
            rank[column as usize] = at as u32;
            starts[at + 1] = starts[at] + degrees[column as usize] as usize;
        }
        let entries = renamed(rows, &rank);
        let terms = by_rank(rows, &entries, &starts);
        Self { order, rank, entries, starts, terms }
    }

    pub(crate) fn terms(&self, rank: usize) -> &[Term<T>] {
        &self.terms[self.starts[rank]..self.starts[rank + 1]]
    }

    /// The terms of a rank and of all after it.
    pub(crate) fn terms_from(&self, rank: usize) -> &[Term<T>] {
        &self.terms[self.starts[rank]..]
    }

    /// Consecutive ranks whose terms reach about so many entries.
    pub(crate) fn blocks(&self, reach: usize) -> Vec<Range<usize>> {
        let mut blocks = Vec::new();
        let (mut first, mut sum) = (0, 0);
        for rank in 0..self.order.len() {
            sum += self.terms(rank).iter().map(|term| term.len as usize).sum::<usize>() + 16;
            if sum >= reach || rank + 1 == self.order.len() {
                blocks.push(first..rank + 1);
                (first, sum) = (rank + 1, 0);
            }
        }
        blocks
    }
}

/// The entries of all rows with their ranks, sorted.
fn renamed<T: Real>(rows: &CsrView<'_, T>, rank: &[u32]) -> Vec<Entry<T>> {
    let indptr = rows.pattern().indptr();
    let mut entries = vec![Entry { rank: 0, value: T::ZERO }; rows.stored()];
    let parts = shares(rows.rows(), |row| indptr[row] as usize);
    split(&mut entries, parts.iter().map(|rows| indptr[rows.end] as usize - indptr[rows.start] as usize))
        .into_par_iter()
        .zip(&parts)
        .for_each(|(mut entries, part)| {
            for row in part.clone().map(|row| rows.row(row)) {
                let (here, rest) = std::mem::take(&mut entries).split_at_mut(row.indices.len());
                for ((entry, &column), &value) in here.iter_mut().zip(row.indices).zip(row.values) {
                    *entry = Entry { rank: rank[column as usize], value };
                }
                here.sort_unstable_by_key(|entry| entry.rank);
                entries = rest;
            }
        });
    entries
}

/// The terms of all ranks, in the order of rows.
fn by_rank<T: Real>(rows: &CsrView<'_, T>, entries: &[Entry<T>], starts: &[usize]) -> Vec<Term<T>> {
    let indptr = rows.pattern().indptr();
    let mut terms = vec![Term { start: 0, len: 0, value: T::ZERO }; entries.len()];
    let parts = shares(starts.len() - 1, |rank| starts[rank]);
    split(&mut terms, parts.iter().map(|ranks| starts[ranks.end] - starts[ranks.start]))
        .into_par_iter()
        .zip(&parts)
        .for_each(|(terms, ranks)| {
            let mut next: Vec<usize> =
                starts[ranks.clone()].iter().map(|start| start - starts[ranks.start]).collect();
            for row in 0..rows.rows() {
                let start = indptr[row] as usize;
                let row = &entries[start..indptr[row + 1] as usize];
                let first = row.partition_point(|entry| (entry.rank as usize) < ranks.start);
                for (at, entry) in row.iter().enumerate().skip(first) {
                    let Some(next) = next.get_mut(entry.rank as usize - ranks.start) else { break };
                    terms[*next] = Term { start, len: at as u32, value: entry.value };
                    *next += 1;
                }
            }
        });
    terms
}

/// Consecutive ranges of `0..count` with about equal numbers of entries, one for each thread; `start` says where the
/// entries of each number start.
pub(crate) fn shares(count: usize, start: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
    let (threads, total) = (rayon::current_num_threads(), start(count));
    let mut ends: Vec<usize> = (1..threads)
        .map(|thread| {
            let wanted = total / threads * thread;
            let (mut low, mut high) = (0, count);
            while low < high {
                let middle = usize::midpoint(low, high);
                if start(middle) < wanted { low = middle + 1 } else { high = middle }
            }
            low
        })
        .collect();
    ends.push(count);
    let mut first = 0;
    ends.into_iter().map(|end| std::mem::replace(&mut first, end)..end).collect()
}

/// A slice in parts of these lengths.
pub(crate) fn split<T>(mut slice: &mut [T], lengths: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    lengths
        .map(|length| {
            let (part, rest) = std::mem::take(&mut slice).split_at_mut(length);
            slice = rest;
            part
        })
        .collect()
}
