//! Events to matrices.

mod arrow_labels;
mod arrow_numbers;
pub(in crate::python) mod arrow_stream;
mod arrow_table;
pub(in crate::python) mod events;
pub(in crate::python) mod files;
pub(in crate::python) mod labels;
pub(in crate::python) mod object_columns;
