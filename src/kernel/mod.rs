//! The inner loops and the memory they gather from: no threads, no knowledge of users and items.
//!
//! Loops over numbers are written once, over registers of whatever width the CPU has ([`Lanes`]), and compiled for
//! AVX-512, AVX2 with FMA, NEON, and plain scalar code; sums of products of bytes have a form for each.
//! [`dispatch`] picks what the CPU has. Vectors are padded with zeros to multiples of [`WIDTH`], so no loop has a remainder.
//!
//! Callers have checked every length; a mismatch here is our own mistake and panics. Sums run in a fixed order
//! that depends on lengths and on the CPU alone, so equal inputs give equal bits. The only `unsafe` of the crate
//! is in this room, but for a line of the binding (`python/interactions/arrow_stream.rs`). What was tried and what it
//! gave is in the README beside this file.

#![allow(unsafe_code)]
mod among;
mod buffer;
mod cpu;
mod gather;
mod lanes;
mod marks;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pass;
mod prefetch;
mod products;
mod real;
mod rows;
mod scalar;
mod screen;
#[cfg(any(feature = "python", test))]
mod segments;
mod stored;
mod tile;
pub(crate) mod vector;

#[cfg(test)]
mod tests;

pub(crate) use among::{IDS, among};
pub(crate) use buffer::Buffer;
pub use cpu::instruction_set;
pub(crate) use cpu::{dispatch, has_fast_halves};
pub(crate) use gather::Gathered;
pub(crate) use lanes::Lanes;
pub(crate) use marks::{BYTES as MARKED_BYTES, marks};
pub(crate) use pass::{Pass, pass_scratch};
pub(crate) use prefetch::{Ahead, prefetch};
pub(crate) use products::{product, products};
pub use real::Real;
pub(crate) use rows::{GROUP, add_rows, score};
pub(crate) use scalar::{dot, dot_f64};
pub(crate) use screen::{
    LARGEST_OF_CANDIDATE, LARGEST_OF_QUERY, LONGEST, OFFSET, PANEL, QUERIES, Screen, bytes, least_sum,
    panel_at, place,
};
#[cfg(any(feature = "python", test))]
pub(crate) use segments::Segment;
pub(crate) use stored::{Half, Stored, compact};
pub(crate) use tile::{gram, pack, padded, rotate};

pub(crate) use pulp::{Simd, WithSimd};

/// Vectors are padded to multiples of this: the widest register holds 16 floats of 32 bits.
pub(crate) const WIDTH: usize = 16;
