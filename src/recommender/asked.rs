//! What a list is asked for, in labels.

use crate::labels::Label;

/// How many items, and which may be among them.
///
/// ```
/// use penchant::List;
/// use penchant::labels::Label;
/// let list = List::top(10).without(&[Label::Text("nirvana")]).at_least(0.1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct List<'a> {
    pub(super) n: usize,
    pub(super) with_liked: bool,
    pub(super) only: Option<&'a [Label<'a>]>,
    pub(super) without: &'a [Label<'a>],
    pub(super) at_least: f64,
}

impl<'a> List<'a> {
    /// The best `n`, or as many as there are, without those that the user has.
    #[must_use]
    pub fn top(n: usize) -> Self {
        Self { n, with_liked: false, only: None, without: &[], at_least: f64::NEG_INFINITY }
    }

    /// Those that the user has as well.
    #[must_use]
    pub fn with_liked(self) -> Self {
        Self { with_liked: true, ..self }
    }

    /// None but these.
    #[must_use]
    pub fn only(self, items: &'a [Label<'a>]) -> Self {
        Self { only: Some(items), ..self }
    }

    /// None of these.
    #[must_use]
    pub fn without(self, items: &'a [Label<'a>]) -> Self {
        Self { without: items, ..self }
    }

    /// None that scores less.
    #[must_use]
    pub fn at_least(self, score: f64) -> Self {
        Self { at_least: score, ..self }
    }
}
