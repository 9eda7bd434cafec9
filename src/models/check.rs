//! What parameters of several models must be.

use crate::error::{Error, Result};
use crate::pool::MAX_THREADS;

/// A count that must not be 0.
pub(crate) fn at_least_one(name: &'static str, count: usize) -> Result<()> {
    if count == 0 {
        return Err(Error::InvalidParameter { name, expected: "at least 1", value: 0.0 });
    }
    Ok(())
}

/// Numbers that must be finite and at least 0, with their names.
pub(crate) fn not_negative<const N: usize>(numbers: [(&'static str, f64); N]) -> Result<()> {
    for (name, value) in numbers {
        if !(value.is_finite() && value >= 0.0) {
            return Err(Error::InvalidParameter { name, expected: "a finite number of at least 0", value });
        }
    }
    Ok(())
}

/// A number that must be finite and above 0.
pub(crate) fn above_zero(name: &'static str, value: f64) -> Result<()> {
    if !(value.is_finite() && value > 0.0) {
        return Err(Error::InvalidParameter { name, expected: "a finite number above 0", value });
    }
    Ok(())
}

/// A number of threads, or 0 for all.
pub(crate) fn threads(threads: usize) -> Result<()> {
    if threads > MAX_THREADS {
        let (name, expected, value) = ("num_threads", "between 0 and 1024", threads as f64);
        return Err(Error::InvalidParameter { name, expected, value });
    }
    Ok(())
}
