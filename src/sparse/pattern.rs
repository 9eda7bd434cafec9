//! Which entries a matrix stores, and whether that makes sense.

use crate::error::{Error, Result};

/// The largest number of rows or columns: ids are `i32`.
pub const MAX_IDS: usize = i32::MAX as usize;

/// Which entries a CSR matrix stores, without their values; its structure has been checked.
///
/// Row `u` holds the columns `indices[indptr[u]..indptr[u + 1]]`, strictly increasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern<'a> {
    pub(super) columns: usize,
    pub(super) indptr: &'a [i64],
    pub(super) indices: &'a [i32],
}

impl<'a> Pattern<'a> {
    /// Checks the structure and borrows the two slices. Takes a few passes over them.
    pub fn new(columns: usize, indptr: &'a [i64], indices: &'a [i32]) -> Result<Self> {
        check_structure(columns, indptr, indices)?;
        let pattern = Self { columns, indptr, indices };
        match pattern.first_unsorted_row() {
            Some(row) => Err(Error::ColumnsNotIncreasing { row }),
            None => Ok(pattern),
        }
    }

    /// Whether the columns increase strictly within every row; fails as [`check_structure`] does.
    pub fn is_canonical(columns: usize, indptr: &'a [i64], indices: &'a [i32]) -> Result<bool> {
        check_structure(columns, indptr, indices)?;
        Ok(Self { columns, indptr, indices }.first_unsorted_row().is_none())
    }

    fn first_unsorted_row(&self) -> Option<usize> {
        // All rows at once: they are sorted if columns fall only where a row starts.
        let falls = |at: usize| self.indices[at - 1] >= self.indices[at];
        let all: usize = self.indices.windows(2).map(|pair| usize::from(pair[0] >= pair[1])).sum();
        let starts = self.indptr.windows(2).filter(|pair| pair[0] > 0 && pair[0] < pair[1]);
        if all == starts.filter(|pair| falls(pair[0] as usize)).count() {
            return None;
        }
        (0..self.rows()).find(|&row| !self.row(row).is_sorted_by(|a, b| a < b))
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.indptr.len() - 1
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The columns of the entries of one row, increasing.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [i32] {
        &self.indices[self.range(row)]
    }

    /// Where each row starts, and where the last one ends.
    #[must_use]
    pub fn indptr(&self) -> &'a [i64] {
        self.indptr
    }

    /// The columns of all entries, row after row.
    #[must_use]
    pub fn indices(&self) -> &'a [i32] {
        self.indices
    }

    /// As many columns as row `row` has, `distance` entries after its own; fewer at the end of the matrix.
    pub(crate) fn following(&self, row: usize, distance: usize) -> &'a [i32] {
        let range = self.range(row);
        let end = self.indices.len();
        &self.indices[end.min(range.start + distance)..end.min(range.end + distance)]
    }

    pub(super) fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.indptr[row] as usize..self.indptr[row + 1] as usize
    }

    /// The row in which the entry at this position stands.
    pub(super) fn row_of(&self, position: usize) -> usize {
        self.indptr.partition_point(|&start| start <= position as i64) - 1
    }
}

/// Checks everything about the structure except the order of the columns within a row.
///
/// A matrix that passes can be put into canonical order; one that fails means nothing at all.
pub fn check_structure(columns: usize, indptr: &[i64], indices: &[i32]) -> Result<()> {
    let (Some(&first), Some(&last)) = (indptr.first(), indptr.last()) else { return Err(Error::IndptrEmpty) };
    for (what, value) in [("the number of rows", indptr.len() - 1), ("the number of columns", columns)] {
        if value > MAX_IDS {
            return Err(Error::TooLarge { what, value, max: MAX_IDS });
        }
    }
    if first != 0 {
        return Err(Error::IndptrStart { first });
    }
    if let Some(row) = indptr.windows(2).position(|pair| pair[1] < pair[0]) {
        return Err(Error::IndptrDecreases { row, start: indptr[row], end: indptr[row + 1] });
    }
    if last as usize != indices.len() {
        return Err(Error::IndptrEnd { end: last, indices: indices.len() });
    }
    // A negative index is larger than any column. The largest is found without a branch, several at a time.
    let largest = indices.iter().fold(0, |largest: u32, &index| largest.max(index as u32));
    let are_inside = indices.is_empty() || (largest as usize) < columns;
    let outside = || indices.iter().position(|&index| index as u32 as usize >= columns);
    if let Some(at) = if are_inside { None } else { outside() } {
        let row = Pattern { columns, indptr, indices }.row_of(at);
        return Err(Error::ColumnOutOfRange { row, index: indices[at], columns });
    }
    Ok(())
}
