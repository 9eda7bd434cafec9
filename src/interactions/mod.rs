//! From events to a matrix: who did what, how much and when, in the caller's own words.
//!
//! [`Interactions`] reads events from files of lines, or from anything that implements [`Rows`], gives labels
//! codes in order of first appearance, and makes one entry of all events of a user and an item.
//!
//! ```
//! use penchant::interactions::{Format, Interactions, ReadOptions};
//! use penchant::labels::Label;
//! let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
//! let path = folder.path().join("plays.tsv");
//! std::fs::write(&path, "user\tartist\tplays\nann\tdub\t3\nbob\tska\t1\nann\tdub\t2\n").map_err(|e| e.to_string())?;
//! let format = Format { weight: Some("plays".into()), ..Format::default() };
//! let plays = Interactions::from_files(&[path], &format, &ReadOptions::default(), &())?;
//! assert_eq!(plays.users().code(Label::Text("bob")), Some(1));
//! assert_eq!(plays.matrix().row(0).values, [5.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not do: guess what a file means beyond its separator, and read columnar files.

mod block;
mod build;
mod chunk;
mod clock;
mod coder;
mod encoder;
mod event;
mod events;
mod kept_events;
mod lines;
mod on_disk;
mod options;
mod prune;
mod report;
#[cfg(test)]
mod tests;
mod time;

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;
use crate::labels::Labels;
use crate::observer::Observer;
use crate::sparse::{CsrMatrix, CsrView};
use events::State;

pub(crate) use block::Block;
pub(crate) use encoder::Batch;
pub(crate) use events::Events;
pub(crate) use events::{Hidden, State as EventsState};
pub use on_disk::lock;
pub(crate) use prune::Kept;

#[cfg(feature = "python")]
pub(crate) use event::weighed;
pub use event::{Event, Flaw, Part, Rows};
pub(crate) use lines::Source;
pub use lines::{Column, Content, Format, Quote};
#[cfg(feature = "python")]
pub(crate) use lines::{Decoder, Encoding, number_of_text};
pub use options::{Age, Duplicates, OnDisk, ReadOptions};
pub use report::{BadRows, Report, Written};
pub use time::{Time, TimeFormat, TimeUnit};

/// The users x items matrix of what happened, and what its rows and columns are called.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions {
    pub(crate) matrix: CsrMatrix<f32>,
    pub(crate) events: Events,
}

/// Events by code, in the order in which they were read. Codes number everything that was read, shown or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeptEvents<'a> {
    /// Who.
    pub users: &'a [u32],
    /// What.
    pub items: &'a [u32],
    /// How much, before anything fades.
    pub weights: &'a [f32],
    /// When; empty if the events have no times.
    pub times: &'a [f64],
}

fn sources(paths: &[PathBuf]) -> Vec<Source> {
    paths.iter().cloned().map(Source::from).collect()
}

impl Interactions {
    /// Reads files of lines, the path `-` being standard input.
    pub fn from_files(
        paths: &[PathBuf],
        format: &Format,
        options: &ReadOptions,
        observer: &dyn Observer,
    ) -> Result<Self> {
        Events::read_files(None, &sources(paths), format, None, options, observer)
    }

    /// Reads a table of events.
    pub fn from_rows(rows: &dyn Rows, options: &ReadOptions) -> Result<Self> {
        Events::read(None, options, &(), |encoder| {
            encoder.read_batches(&[Batch { rows, name: None, first: 0 }], 0)
        })
    }

    /// The same with more events from files. Users and items keep their codes; new ones get the next.
    pub fn with_files(&self, paths: &[PathBuf], format: &Format, observer: &dyn Observer) -> Result<Self> {
        Events::read_files(
            Some((&self.events, self.matrix())),
            &sources(paths),
            format,
            None,
            self.events.options(),
            observer,
        )
    }

    /// The same with more events from a table. Users and items keep their codes; new ones get the next.
    pub fn with_rows(&self, rows: &dyn Rows) -> Result<Self> {
        Events::read(Some((&self.events, self.matrix())), self.events.options(), &(), |encoder| {
            encoder.read_batches(&[Batch { rows, name: None, first: 0 }], 0)
        })
    }

    /// The events themselves, if [`ReadOptions::keep_events`] asked for them.
    #[must_use]
    pub fn kept_events(&self) -> Option<KeptEvents<'_>> {
        let Block { users, items, weights, times } = self.events.log()?;
        Some(KeptEvents { users, items, weights, times })
    }

    /// What some of the events that were kept make: those whose flag is raised, of which there must be one for each.
    ///
    /// Rows and columns are those of everything, as long as nothing is left out. Weights fade, and users and items are
    /// left out, as seen from these events alone; but nothing does and is where `plain` says so, as tests want it.
    pub fn subset(&self, chosen: &[bool], plain: bool) -> Result<Self> {
        self.events.subset(chosen, plain)
    }

    /// Takes a matrix whose rows and columns have these labels.
    pub fn from_matrix(
        users: impl Into<Arc<Labels>>,
        items: impl Into<Arc<Labels>>,
        matrix: CsrMatrix<f32>,
    ) -> Result<Self> {
        let rows = matrix.view().stored() as u64;
        let state = State { users: users.into(), items: items.into(), matrix, ..State::default() };
        let report = Report { rows, ..Report::default() };
        Events::restored(state, ReadOptions::default(), &Kept::default(), report)
    }

    /// What a file had; `kept` numbers what is shown, if not everything is.
    pub(crate) fn restored(state: State, options: ReadOptions, kept: &Kept, report: Report) -> Result<Self> {
        Events::restored(state, options, kept, report)
    }

    /// What all weights have been multiplied by since an earlier state, as time has passed.
    pub(crate) fn faded_since(&self, before: &Self) -> f64 {
        self.events.faded_since(&before.events)
    }

    /// What rows are called.
    #[must_use]
    pub fn users(&self) -> &Arc<Labels> {
        self.events.users()
    }

    /// What columns are called.
    #[must_use]
    pub fn items(&self) -> &Arc<Labels> {
        self.events.items()
    }

    /// The weights, users x items.
    #[must_use]
    pub fn matrix(&self) -> CsrView<'_, f32> {
        self.matrix.view()
    }

    /// What was read, and what was not.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.events.report()
    }

    /// What became of the events.
    #[must_use]
    pub fn options(&self) -> &ReadOptions {
        self.events.options()
    }
}
