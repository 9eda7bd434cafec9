//! Lines that hold a user and all of their items, as many public data sets do.

use std::ops::Range;

use super::splitter::{Field, Splitter};
use crate::interactions::chunk::Chunk;
use crate::interactions::coder::Written;
use crate::interactions::event::{Flaw, Part};
use crate::interactions::time::Time;

/// What stands before the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// The user.
    User,
    /// The user, and the number of items.
    UserAndCount,
    /// The number of items; the user is the number of the line, from 0.
    Count,
}

impl Lists {
    /// Looks at as many lines as there are, at least two, whether all of them count their items.
    pub(super) fn of(splitter: &Splitter, bytes: &[u8], last: bool) -> Self {
        let mut fields = Vec::new();
        let (mut at, mut lines) = (0, 0);
        let (mut first, mut second) = (true, true);
        while at < bytes.len() && (first || second) {
            let Some(record) = splitter.record(bytes, at, last, &mut fields) else { break };
            at = record.next;
            if fields.len() == 1 && fields[0].is_empty() || fields.is_empty() {
                continue;
            }
            lines += 1;
            first &= counts(bytes, &fields, 0);
            second &= counts(bytes, &fields, 1);
        }
        match () {
            () if lines < 2 => Self::User,
            () if first => Self::Count,
            () if second => Self::UserAndCount,
            () => Self::User,
        }
    }

    pub(super) fn name(self) -> &'static str {
        if self == Self::User { "lists" } else { "counted lists" }
    }

    /// Hands the events of one line over.
    pub(super) fn events<'t>(
        self,
        bytes: &'t [u8],
        fields: &[Field],
        number: u64,
        chunk: &mut Chunk<'_, 't>,
    ) {
        let before = match self {
            Self::User | Self::Count => 1,
            Self::UserAndCount => 2,
        };
        if self != Self::User && !counts(bytes, fields, before - 1) {
            let count = fields.get(before - 1).map(|field| field.text(bytes)).unwrap_or_default();
            return chunk.flaw(Flaw::Count { found: fields.len().saturating_sub(before), count: &count });
        }
        let items = fields.get(before..).unwrap_or_default();
        let numbered = number.to_string();
        let user = match self {
            Self::Count => numbered.as_bytes().into(),
            Self::User | Self::UserAndCount => fields[0].text(bytes),
        };
        for item in items {
            let item = item.text(bytes);
            if item.is_empty() {
                chunk.flaw(Flaw::Missing(Part::Item));
                continue;
            }
            chunk.passing_fields(Written::Field(&user), Written::Field(&item), 1.0, Time::Number(0.0));
        }
    }
}

/// Whether this field is the number of those behind it.
fn counts(bytes: &[u8], fields: &[Field], at: usize) -> bool {
    let items = (fields.len().max(at + 1) - at - 1).to_string();
    fields.get(at).is_some_and(|field| field.text(bytes).as_ref() == items.as_bytes())
}

/// The number of lines before each of these pieces.
pub(super) fn lines_before(bytes: &[u8], pieces: &[Range<usize>]) -> Vec<u64> {
    let mut before = 0;
    let counted = pieces.iter().map(|piece| {
        let lines = memchr::memchr_iter(b'\n', &bytes[piece.clone()]).count() as u64;
        before += lines;
        before - lines
    });
    counted.collect()
}
