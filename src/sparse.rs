//! Sparse matrices in compressed rows (CSR), checked once at the door and trusted afterwards.
//!
//! [`CsrView`] borrows three slices in the layout that `SciPy` uses, so that a matrix can cross from
//! Python without a copy. [`CsrMatrix`] owns the same three and is what a transpose returns.

use crate::error::{Error, Result, check_size};
use crate::kernel::Real;

/// The largest number of rows or columns: ids are `i32`.
pub const MAX_IDS: usize = i32::MAX as usize;

/// Which entries a CSR matrix stores, without their values; its structure has been checked.
///
/// Row `u` holds the columns `indices[indptr[u]..indptr[u + 1]]`, strictly increasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern<'a> {
    columns: usize,
    indptr: &'a [i64],
    indices: &'a [i32],
}

impl<'a> Pattern<'a> {
    /// Checks the structure and borrows the two slices. Takes one pass over the indices.
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

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.indptr[row] as usize..self.indptr[row + 1] as usize
    }

    /// The row in which the entry at this position stands.
    fn row_of(&self, position: usize) -> usize {
        self.indptr.partition_point(|&start| start <= position as i64) - 1
    }
}

/// A borrowed CSR matrix whose structure has been checked: a [`Pattern`] and a value for each entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CsrView<'a, T> {
    pattern: Pattern<'a>,
    values: &'a [T],
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
        let Some(at) = self.values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
        let row = self.pattern.row_of(at);
        Err(Error::NotFinite {
            row,
            column: self.pattern.indices[at] as usize,
            value: self.values[at].to_f64(),
        })
    }

    /// The same without stored zeros; nothing if there are none.
    pub(crate) fn without_zeros(&self) -> Option<CsrMatrix<T>> {
        if self.values.iter().all(|&value| value != T::ZERO) {
            return None;
        }
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for row in (0..self.rows()).map(|row| self.row(row)) {
            let known = row.indices.iter().zip(row.values).filter(|(_, value)| **value != T::ZERO);
            for (&column, &value) in known {
                indices.push(column);
                values.push(value);
            }
            indptr.push(indices.len() as i64);
        }
        Some(CsrMatrix { columns: self.columns(), indptr, indices, values })
    }

    /// The transposed matrix, by a counting sort: one pass to count, one to place.
    #[must_use]
    pub fn transpose(&self) -> CsrMatrix<T> {
        let mut indptr = Vec::with_capacity(self.columns() + 1);
        indptr.push(0);
        let mut end = 0;
        for degree in self.column_degrees() {
            end += degree;
            indptr.push(end);
        }
        let mut next = indptr.clone();
        let mut indices = vec![0; self.stored()];
        let mut values = vec![T::ZERO; self.stored()];
        for row in 0..self.rows() {
            let entries = self.row(row);
            for (&column, &value) in entries.indices.iter().zip(entries.values) {
                let at = &mut next[column as usize];
                indices[*at as usize] = row as i32;
                values[*at as usize] = value;
                *at += 1;
            }
        }
        CsrMatrix { columns: self.rows(), indptr, indices, values }
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
    if let Some(at) = indices.iter().position(|&index| index < 0 || index as usize >= columns) {
        let row = Pattern { columns, indptr, indices }.row_of(at);
        return Err(Error::ColumnOutOfRange { row, index: indices[at], columns });
    }
    Ok(())
}

/// An owned CSR matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct CsrMatrix<T> {
    columns: usize,
    indptr: Vec<i64>,
    indices: Vec<i32>,
    values: Vec<T>,
}

impl<T: Real> CsrMatrix<T> {
    /// Takes the three arrays of a CSR matrix in canonical order, after checking them.
    pub fn new(columns: usize, indptr: Vec<i64>, indices: Vec<i32>, values: Vec<T>) -> Result<Self> {
        CsrView::new(columns, &indptr, &indices, &values)?;
        Ok(Self { columns, indptr, indices, values })
    }

    /// Takes parts that are known to fit.
    pub(crate) fn of_parts(columns: usize, indptr: Vec<i64>, indices: Vec<i32>, values: Vec<T>) -> Self {
        assert_eq!(indices.len(), values.len());
        Self { columns, indptr, indices, values }
    }

    /// Puts rows that are known to fit after each other.
    pub(crate) fn of_rows(columns: usize, rows: Vec<(Vec<i32>, Vec<T>)>) -> Self {
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for (ids, row) in rows {
            indices.extend_from_slice(&ids);
            values.extend_from_slice(&row);
            indptr.push(indices.len() as i64);
        }
        Self::of_parts(columns, indptr, indices, values)
    }

    /// The same entries with other values, one for each.
    #[must_use]
    pub(crate) fn with_values(self, values: Vec<T>) -> Self {
        assert_eq!(values.len(), self.values.len());
        Self { values, ..self }
    }

    /// A matrix without rows and columns.
    pub(crate) fn empty() -> Self {
        Self { columns: 0, indptr: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    /// Builds a matrix from `(row, column, value)` in any order; values of repeated pairs are summed.
    ///
    /// ```
    /// use penchant::CsrMatrix;
    /// let m = CsrMatrix::from_triplets(2, 2, &[(1, 0, 2.0_f32), (0, 1, 1.0), (1, 0, 3.0)])?;
    /// assert_eq!(m.view().row(1).values, [5.0]);
    /// # Ok::<(), penchant::Error>(())
    /// ```
    pub fn from_triplets(rows: usize, columns: usize, triplets: &[(i32, i32, T)]) -> Result<Self> {
        let mut sorted = triplets.to_vec();
        sorted.sort_by_key(|&(row, column, _)| (row, column));
        let mut matrix =
            Self { columns, indptr: vec![0; rows + 1], indices: Vec::new(), values: Vec::<T>::new() };
        let mut last = None;
        for (row, column, value) in sorted {
            crate::error::check_ids("row", &[row], rows)?;
            if last == Some((row, column)) {
                if let Some(sum) = matrix.values.last_mut() {
                    *sum += value;
                }
            } else {
                matrix.indices.push(column);
                matrix.values.push(value);
                matrix.indptr[row as usize + 1] += 1;
                last = Some((row, column));
            }
        }
        for row in 0..rows {
            matrix.indptr[row + 1] += matrix.indptr[row];
        }
        Self::new(columns, matrix.indptr, matrix.indices, matrix.values)
    }

    /// Its row pointers, column indices and values.
    #[must_use]
    pub fn into_parts(self) -> (Vec<i64>, Vec<i32>, Vec<T>) {
        (self.indptr, self.indices, self.values)
    }

    /// Borrows the matrix.
    #[must_use]
    pub fn view(&self) -> CsrView<'_, T> {
        let pattern = Pattern { columns: self.columns, indptr: &self.indptr, indices: &self.indices };
        CsrView { pattern, values: &self.values }
    }
}
