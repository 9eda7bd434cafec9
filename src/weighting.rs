//! Turning raw counts into weights before a fit: BM25, tf-idf, and rows of length one.
//!
//! With `N` rows, `df_j` stored entries in column `j`, and `len_i` the sum of row `i`:
//!
//! - `idf_j = ln N − ln(1 + df_j)`
//! - tf-idf: `√x · idf_j`
//! - BM25: `x (K1 + 1) / (K1 (1 − B + B len_i / avglen) + x) · idf_j` (Robertson and Zaragoza 2009, section 3)
//! - normalized: `x / √Σ x²` over the row
//!
//! Each function returns the new values in the order of the stored entries; the structure stays.
//! Nothing here changes which entries are stored, so an idf of zero leaves a stored zero.

use crate::error::{Error, Result};
use crate::kernel::Real;
use crate::sparse::CsrView;

/// BM25 weights of a matrix.
///
/// `k1 ≥ 0` says how slowly repeated plays saturate, `b` in `0..=1` how much long rows are discounted.
pub fn bm25<T: Real>(matrix: &CsrView<'_, T>, k1: f64, b: f64) -> Result<Vec<T>> {
    check_bm25(k1, b)?;
    check_counts(matrix, "a count that is weighed")?;
    let idf = inverse_document_frequency(matrix);
    let lengths: Vec<f64> =
        (0..matrix.rows()).map(|row| matrix.row(row).values.iter().map(|x| x.to_f64()).sum()).collect();
    let average = lengths.iter().sum::<f64>() / matrix.rows() as f64;
    Ok(map_entries(matrix, |row, column, x| {
        if x == 0.0 {
            return 0.0;
        }
        let saturation = k1 * (1.0 - b + b * lengths[row] / average) + x;
        x * (k1 + 1.0) / saturation * idf[column]
    }))
}

/// Checks the parameters of [`bm25`].
pub(crate) fn check_bm25(k1: f64, b: f64) -> Result<()> {
    if !(k1.is_finite() && k1 >= 0.0) {
        return Err(Error::InvalidParameter {
            name: "K1",
            expected: "a finite number of at least 0",
            value: k1,
        });
    }
    if !(0.0..=1.0).contains(&b) {
        return Err(Error::InvalidParameter { name: "B", expected: "between 0 and 1", value: b });
    }
    Ok(())
}

/// Fails unless all entries are finite and at least 0; `name` says what one of them is.
pub(crate) fn check_counts<T: Real>(matrix: &CsrView<'_, T>, name: &'static str) -> Result<()> {
    matrix.check_finite()?;
    let Some(negative) = matrix.values().iter().find(|&&x| x < T::ZERO) else { return Ok(()) };
    Err(Error::InvalidParameter { name, expected: "at least 0", value: negative.to_f64() })
}

/// Tf-idf weights of a matrix.
pub fn tfidf<T: Real>(matrix: &CsrView<'_, T>) -> Result<Vec<T>> {
    check_counts(matrix, "a count that is weighed")?;
    let idf = inverse_document_frequency(matrix);
    Ok(map_entries(matrix, |_, column, x| x.sqrt() * idf[column]))
}

/// Values scaled so that every row has Euclidean length 1. Rows of zeros stay as they are.
pub fn normalize<T: Real>(matrix: &CsrView<'_, T>) -> Result<Vec<T>> {
    matrix.check_finite()?;
    let lengths: Vec<f64> = (0..matrix.rows())
        .map(|row| matrix.row(row).values.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt())
        .collect();
    Ok(map_entries(matrix, |row, _, x| if lengths[row] > 0.0 { x / lengths[row] } else { x }))
}

fn inverse_document_frequency<T: Real>(matrix: &CsrView<'_, T>) -> Vec<f64> {
    let rows = matrix.rows() as f64;
    matrix.column_degrees().iter().map(|&degree| rows.ln() - (1.0 + degree as f64).ln()).collect()
}

fn map_entries<T: Real>(matrix: &CsrView<'_, T>, weight: impl Fn(usize, usize, f64) -> f64) -> Vec<T> {
    let mut weights = Vec::with_capacity(matrix.stored());
    for row in 0..matrix.rows() {
        let entries = matrix.row(row);
        for (&column, x) in entries.indices.iter().zip(entries.values) {
            weights.push(T::from_f64(weight(row, column as usize, x.to_f64())));
        }
    }
    weights
}
