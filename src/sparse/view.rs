//! A matrix that is borrowed.

use super::pattern::Pattern;
use crate::error::{Error, Result, check_size};
use crate::kernel::Real;

/// A borrowed CSR matrix whose structure has been checked: a [`Pattern`] and a value for each entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CsrView<'a, T> {
    pub(super) pattern: Pattern<'a>,
    pub(super) values: &'a [T],
}

/// The stored entries of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row<'a, T> {
    /// Column of each entry, increasing.
    pub indices: &'a [i32],
    /// Value of each entry.
    pub values: &'a [T],
}

impl<'a, T: Real> CsrView<'a, T> {
    /// Checks the structure and borrows the three slices. Takes one pass over the indices.
    ///
    /// ```
    /// use penchant::{CsrView, Error};
    /// let view = CsrView::new(3, &[0, 2, 2], &[0, 2], &[1.0_f32, 4.0])?;
    /// assert_eq!((view.rows(), view.columns(), view.stored()), (2, 3, 2));
    /// let wrong = CsrView::new(3, &[0, 1], &[3], &[1.0_f32]);
    /// assert_eq!(wrong, Err(Error::ColumnOutOfRange { row: 0, index: 3, columns: 3 }));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn new(columns: usize, indptr: &'a [i64], indices: &'a [i32], values: &'a [T]) -> Result<Self> {
        check_size("the number of values (one for each column index)", indices.len(), values.len())?;
        Ok(Self { pattern: Pattern::new(columns, indptr, indices)?, values })
    }

    /// Takes parts that [`new`](Self::new) has accepted before.
    #[cfg(feature = "python")]
    pub(crate) fn checked_before(
        columns: usize,
        indptr: &'a [i64],
        indices: &'a [i32],
        values: &'a [T],
    ) -> Self {
        Self { pattern: Pattern { columns, indptr, indices }, values }
    }

    /// Which entries are stored.
    #[must_use]
    pub fn pattern(&self) -> Pattern<'a> {
        self.pattern
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.pattern.rows()
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.pattern.columns
    }

    /// The number of stored entries.
    #[must_use]
    pub fn stored(&self) -> usize {
        self.values.len()
    }

    /// The values of all stored entries, row after row.
    #[must_use]
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// The stored entries of one row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> Row<'a, T> {
        Row { indices: self.pattern.row(row), values: &self.values[self.pattern.range(row)] }
    }

    /// One value; 0 where nothing is stored.
    pub(crate) fn value(&self, row: usize, column: usize) -> T {
        let row = self.row(row);
        row.indices.binary_search(&(column as i32)).map_or(T::ZERO, |at| row.values[at])
    }

    /// The number of stored entries in each column.
    #[must_use]
    pub fn column_degrees(&self) -> Vec<i64> {
        let mut degrees = vec![0; self.columns()];
        for &column in self.pattern.indices {
            degrees[column as usize] += 1;
        }
        degrees
    }

    /// The same entries in a matrix with more columns.
    pub(crate) fn widened(self, columns: usize) -> Self {
        debug_assert!(columns >= self.columns(), "a view cannot lose columns");
        Self { pattern: Pattern { columns, ..self.pattern }, ..self }
    }

    /// Fails with [`Error::NotFinite`] if a stored value is NaN or infinite.
    pub fn check_finite(&self) -> Result<()> {
        // A block at a time, without a branch for each value.
        let are_finite = |block: &[T]| block.iter().fold(true, |finite, value| finite & value.is_finite());
        if self.values.chunks(1024).all(are_finite) {
            return Ok(());
        }
        let Some(at) = self.values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
        let row = self.pattern.row_of(at);
        Err(Error::NotFinite {
            row,
            column: self.pattern.indices[at] as usize,
            value: self.values[at].to_f64(),
        })
    }
}
