//! What was read, and what was not.

use std::fmt;
use std::path::Path;

use super::event::Flaw;

/// How many bad events are described.
const DESCRIBED: usize = 5;

/// Events that could not be used: how many, and where the first of them are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BadRows {
    count: u64,
    first: Vec<(u64, String)>,
    described: Vec<String>,
}

impl BadRows {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first few of the last reading that had any, in words: where, and what is wrong.
    #[must_use]
    pub fn described(&self) -> &[String] {
        &self.described
    }

    /// What was counted and described before.
    pub(crate) fn of(count: u64, described: Vec<String>) -> Self {
        Self { count, first: Vec::new(), described }
    }

    /// The first of a chunk, by lines after its start.
    pub(crate) fn first(&self) -> Option<(u64, &str)> {
        self.first.first().map(|(line, reason)| (*line, reason.as_str()))
    }

    pub(crate) fn add(&mut self, line: u64, flaw: &Flaw<'_>) {
        self.count += 1;
        // Not always in order: some flaws are found later than others.
        if self.first.len() < DESCRIBED || self.first.last().is_some_and(|last| line < last.0) {
            let at = self.first.partition_point(|(before, _)| *before <= line);
            self.first.insert(at, (line, flaw.to_string()));
            self.first.truncate(DESCRIBED);
        }
    }

    /// Adds those of a chunk that starts at `place`.
    pub(crate) fn append(&mut self, chunk: Self, place: &Place<'_>) {
        self.count += chunk.count;
        for (line, reason) in chunk.first {
            if self.described.len() < DESCRIBED {
                self.described.push(format!("{}: {reason}", place.name(line)));
            }
        }
    }
}

/// Where a chunk of events starts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// In a table, which may be that of a file, after this many rows.
    Row(Option<&'a Path>, u64),
    /// In a file, after this many lines.
    Line(&'a Path, u64),
}

impl Place<'_> {
    /// In words, the event this many rows or lines later. Rows count from 0, lines from 1, as everywhere.
    pub(crate) fn name(&self, later: u64) -> String {
        match self {
            Self::Row(None, row) => format!("row {}", row + later),
            Self::Row(Some(path), row) => format!("{}, row {}", path.display(), row + later),
            Self::Line(path, line) if *path == Path::new("-") => {
                format!("standard input, line {}", line + later + 1)
            }
            Self::Line(path, line) => format!("{}, line {}", path.display(), line + later + 1),
        }
    }
}

/// How the lines of files were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What a line holds: `"events"`, `"lists"`, `"counted lists"` or `"json"`.
    pub layout: &'static str,
    /// What separates fields.
    pub separator: String,
    /// What encloses them, if anything.
    pub quote: Option<char>,
}

/// What became of the events.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Events read, everything included.
    pub rows: u64,
    /// Those that could not be used.
    pub bad: BadRows,
    /// Those of a kind with weight 0.
    pub ignored: u64,
    /// Those that became one entry with another.
    pub merged: u64,
    /// Users left out because they had too few items.
    pub dropped_users: usize,
    /// Items left out because they had too few users.
    pub dropped_items: usize,
    /// Entries left out with them.
    pub dropped_entries: usize,
    /// Entries that are 0, from which nothing is learned, and those of them that have faded to it.
    pub zeros: usize,
    /// See `zeros`.
    pub faded: usize,
    /// Entries below 0, which say what is disliked.
    pub negatives: usize,
    /// How much time passes from the first to the last of the new events, in the unit in which times are kept.
    pub span: f64,
    /// Whether the times of the new events are mere numbers, of an unknown unit.
    pub mere_numbers: bool,
    /// How the lines of the first new file were taken.
    pub written: Option<Written>,
}

impl Report {
    /// Adds what became of earlier events.
    pub(crate) fn add(&mut self, before: &Self) {
        self.rows = self.rows.saturating_add(before.rows);
        self.ignored = self.ignored.saturating_add(before.ignored);
        self.merged = self.merged.saturating_add(before.merged);
        self.faded = self.faded.saturating_add(before.faded);
        if self.written.is_none() {
            self.written.clone_from(&before.written);
        }
        self.bad.count = self.bad.count.saturating_add(before.bad.count);
        if self.bad.described.is_empty() {
            self.bad.described.clone_from(&before.bad.described);
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events, {} bad, {} merged", self.rows, self.bad.count, self.merged)
    }
}
