//! Sparse matrices in compressed rows (CSR), checked once at the door and trusted afterwards.
//!
//! [`CsrView`] borrows three slices in the layout that `SciPy` uses, so that a matrix can cross from
//! Python without a copy. [`CsrMatrix`] owns the same three and is what a transpose returns.

mod matrix;
mod pattern;
mod transpose;
mod view;

pub use matrix::CsrMatrix;
pub use pattern::{MAX_IDS, Pattern, check_structure};
pub use view::{CsrView, Row};
