//! A matrix of its own, and what is made of a borrowed one.

use super::pattern::Pattern;
use super::view::CsrView;
use crate::error::Result;
use crate::kernel::Real;

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

impl<T: Real> CsrView<'_, T> {
    /// The same without stored zeros; nothing if there are none.
    pub(crate) fn without_zeros(&self) -> Option<CsrMatrix<T>> {
        if self.values().iter().all(|&value| value != T::ZERO) {
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
}
