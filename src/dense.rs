//! Row-major views over slices: the shape that factors have, without owning them.

use crate::error::{Result, check_size};

/// A borrowed row-major matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenseView<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
}

impl<'a, T> DenseView<'a, T> {
    /// Views `data` as `rows` rows of `columns` values each.
    pub fn new(data: &'a [T], rows: usize, columns: usize) -> Result<Self> {
        check_size("the length of the data of a dense matrix", rows * columns, data.len())?;
        Ok(Self { data, rows, columns })
    }

    /// Views `data`, whole rows of `columns` values.
    pub(crate) fn of_rows(data: &'a [T], columns: usize) -> Self {
        Self { data, rows: data.len() / columns, columns }
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row after row.
    #[must_use]
    pub fn data(&self) -> &'a [T] {
        self.data
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [T] {
        &self.data[row * self.columns..(row + 1) * self.columns]
    }
}
