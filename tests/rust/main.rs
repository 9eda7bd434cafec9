//! The crate as its users see it. One program, as whatever is generic is compiled anew for each.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod golden;
mod mistakes;
