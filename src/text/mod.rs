//! Texts as counts of their words, of runs of characters, or of the tags in a list.

mod counts;
mod tokens;

#[cfg(feature = "python")]
pub(crate) use counts::{counts, counts_of, hashed_counts};
pub(crate) use tokens::Tokens;

use std::ops::RangeInclusive;

/// What a text is cut into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cut {
    /// So many words in a row, in small letters, and so many characters in a row within words, if any.
    Words { words: Option<RangeInclusive<usize>>, characters: Option<RangeInclusive<usize>> },
    /// Whatever stands between separators, without blanks around it.
    Tags(String),
}
