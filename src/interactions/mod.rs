//! From events to a matrix: who did what, how much and when, in the caller's own words.
//!
//! [`Interactions`] reads events from files of lines, or from anything that implements [`Rows`], gives labels
//! codes in order of first appearance, and makes one entry of all events of a user and an item.
//!
//! ```
//! use penchant::interactions::{Format, Interactions, Label, Options};
//! let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
//! let path = folder.path().join("plays.tsv");
//! std::fs::write(&path, "user\tartist\tplays\nann\tdub\t3\nbob\tska\t1\nann\tdub\t2\n").map_err(|e| e.to_string())?;
//! let format = Format { weight: Some("plays".into()), ..Format::default() };
//! let plays = Interactions::from_files(&[path], &format, &Options::default(), &())?;
//! assert_eq!(plays.users().code(Label::Text("bob")), Some(1));
//! assert_eq!(plays.matrix().row(0).values, [5.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not do: guess what a file means beyond its separator, and read columnar files.

mod build;
mod chunk;
mod clock;
mod close;
mod coder;
mod encoder;
mod event;
mod labels;
mod lines;
mod options;
mod prune;
mod report;
mod slots;
mod spelling;
#[cfg(test)]
mod tests;
mod time;

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use crate::error::{Error, Result, check_size};
use crate::pool;
use crate::sparse::{CsrMatrix, CsrView};
use build::{Entries, entries, fade, faded, settle_dates};
use chunk::Block;
use encoder::Encoder;
use prune::{kept, pruned};

pub(crate) use encoder::Batch;
pub(crate) use prune::Kept;

pub use event::{Event, Flaw, Part, Rows};
pub use labels::{Label, Labels};
pub use lines::{Column, Content, Format, Quote};
#[cfg(feature = "python")]
pub(crate) use lines::{Decoder, number_of_text};
pub(crate) use lines::{Encoding, Source};
pub use options::{Duplicates, HalfLife, Options, Watch};
pub use report::{BadRows, Report, Written};
pub use time::{Time, TimeFormat, TimeUnit};

/// The users x items matrix of what happened, and what its rows and columns are called.
#[derive(Debug, Clone, PartialEq)]
pub struct Interactions {
    users: Arc<Labels>,
    items: Arc<Labels>,
    matrix: CsrMatrix<f32>,
    options: Options,
    report: Report,
    /// The time at which weights have not faded.
    latest: f64,
    /// The times of the entries, where later events need them.
    times: Vec<f64>,
    /// What is there before anything is left out, if something may be.
    all: Option<Box<Everything>>,
}

/// Users, items and entries of which not all are shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Everything {
    pub(crate) users: Arc<Labels>,
    pub(crate) items: Arc<Labels>,
    pub(crate) entries: Entries,
    pub(crate) kept: Kept,
}

/// Everything that was read, whether it is shown or not.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) users: Arc<Labels>,
    pub(crate) items: Arc<Labels>,
    pub(crate) matrix: CsrMatrix<f32>,
    pub(crate) times: Vec<f64>,
    pub(crate) latest: f64,
}

impl Default for State {
    fn default() -> Self {
        let none = || Arc::new(Labels::no_texts());
        let (matrix, times) = (CsrMatrix::empty(), Vec::new());
        Self { users: none(), items: none(), matrix, times, latest: f64::NEG_INFINITY }
    }
}

/// What is known besides labels and matrix.
#[cfg(feature = "python")]
pub(crate) struct Hidden<'a> {
    pub(crate) latest: f64,
    pub(crate) times: &'a [f64],
    pub(crate) all: Option<&'a Everything>,
}

fn sources(paths: &[PathBuf]) -> Vec<Source> {
    paths.iter().cloned().map(Source::from).collect()
}

/// What was read before, with its matrix, which may be kept elsewhere.
type Before<'a> = (&'a Interactions, CsrView<'a, f32>);

impl Interactions {
    /// Reads files of lines, the path `-` being standard input.
    pub fn from_files(
        paths: &[PathBuf],
        format: &Format,
        options: &Options,
        watch: &dyn Watch,
    ) -> Result<Self> {
        Self::read_files(None, &sources(paths), format, None, options, watch)
    }

    /// Reads a table of events.
    pub fn from_rows(rows: &dyn Rows, options: &Options) -> Result<Self> {
        Self::read(None, options, &(), |encoder| {
            encoder.read_batches(&[Batch { rows, name: None, first: 0 }], 0)
        })
    }

    /// The same with more events from files. Users and items keep their codes; new ones get the next.
    pub fn with_files(&self, paths: &[PathBuf], format: &Format, watch: &dyn Watch) -> Result<Self> {
        Self::read_files(Some((self, self.matrix())), &sources(paths), format, None, &self.options, watch)
    }

    /// The same with more events from a table. Users and items keep their codes; new ones get the next.
    pub fn with_rows(&self, rows: &dyn Rows) -> Result<Self> {
        Self::read(Some((self, self.matrix())), &self.options, &(), |encoder| {
            encoder.read_batches(&[Batch { rows, name: None, first: 0 }], 0)
        })
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
        Self::restored(state, Options::default(), &Kept::default(), report)
    }

    /// What a file or a copy has to hold.
    #[cfg(feature = "python")]
    pub(crate) fn hidden(&self) -> Hidden<'_> {
        Hidden { latest: self.latest, times: &self.times, all: self.all.as_deref() }
    }

    /// Puts together what was taken apart. `kept` numbers what is shown, if not everything is.
    pub(crate) fn restored(state: State, options: Options, kept: &Kept, report: Report) -> Result<Self> {
        options.check()?;
        let State { users, items, matrix, times, latest } = state;
        let view = matrix.view();
        check_size("the number of users' labels (one for each row)", view.rows(), users.len())?;
        check_size("the number of items' labels (one for each column)", view.columns(), items.len())?;
        let expected = if options.keeps_times() { view.stored() } else { 0 };
        check_size("the number of times (one for each entry)", expected, times.len())?;
        for (what, codes, labels) in [("user", &kept.users, &users), ("item", &kept.items, &items)] {
            let mut seen = vec![false; labels.len()];
            for &code in codes {
                let again = seen.get_mut(code as usize).map(|seen| std::mem::replace(seen, true));
                if again != Some(false) {
                    return Err(Error::IdOutOfRange { what, id: i64::from(code), len: labels.len() });
                }
            }
        }
        let (indptr, indices, values) = matrix.into_parts();
        let entries = Entries { indptr, indices, values, times, faded: 0 };
        let (matrix, times, all) = (CsrMatrix::empty(), Vec::new(), None);
        Self { users, items, matrix, options, report, latest, times, all }.finished(entries, Some(kept))
    }

    pub(crate) fn read_files(
        before: Option<Before<'_>>,
        sources: &[Source],
        format: &Format,
        encoding: Option<&dyn Encoding>,
        options: &Options,
        watch: &dyn Watch,
    ) -> Result<Self> {
        format.check()?;
        let options = Options { timed: format.time.is_some(), ..options.clone() };
        Self::read(before, &options, watch, |encoder| lines::read_files(sources, format, encoding, encoder))
    }

    /// Reads events by whatever way, after those that were read before.
    pub(crate) fn read(
        before: Option<Before<'_>>,
        options: &Options,
        watch: &dyn Watch,
        read: impl FnOnce(&mut Encoder<'_>) -> Result<()> + Send,
    ) -> Result<Self> {
        options.check()?;
        if let Some((before, _)) = before
            && before.options.timed != options.timed
        {
            return Err(Error::TimesDiffer { before: before.options.timed });
        }
        if let Some((before, matrix)) = before {
            before.check_matrix(matrix)?;
        }
        let known = before.map(|(before, _)| match &before.all {
            Some(all) => (&*all.users, &*all.items),
            None => (&*before.users, &*before.items),
        });
        pool::run(options.threads, || {
            let mut encoder = Encoder::new(known, options, watch);
            read(&mut encoder)?;
            Self::from_events(before, encoder)
        })?
    }

    fn from_events(before: Option<Before<'_>>, encoder: Encoder<'_>) -> Result<Self> {
        let Encoder { users, items, mut blocks, bad, rows, ignored, clock, written, options, watch, .. } =
            encoder;
        let (users, items, options) = (Arc::new(users), Arc::new(items), options.clone());
        let (before, old) =
            (before.map(|(before, _)| before), before.map(|(before, matrix)| before.block(matrix)));
        let old_latest = before.map_or(f64::NEG_INFINITY, |before| before.latest);
        if matches!(options.half_life, Some(HalfLife::Seconds(_))) {
            clock.check_seconds()?;
        }
        if clock.are_dates() {
            settle_dates(&mut blocks);
        }
        let latest = blocks.iter().flat_map(|block| &block.times).fold(old_latest, |a, &b| a.max(b));
        let half_life = options.half_life_of_times();
        if let Some(half_life) = half_life {
            fade(&mut blocks, latest, half_life);
        }
        let events: usize = blocks.iter().map(|block| block.users.len()).sum();
        let mut old_entries = 0;
        if let Some(mut block) = old {
            old_entries = block.users.len();
            if let Some(half_life) = half_life.filter(|_| latest > old_latest) {
                for weight in &mut block.weights {
                    *weight = faded(*weight, latest - old_latest, half_life);
                }
            }
            blocks.insert(0, block);
        }
        if watch.interrupted() {
            return Err(Error::Interrupted);
        }
        let entries = entries(blocks, users.len(), options.duplicates, options.keeps_times());
        let merged = (old_entries + events - entries.indices.len()) as u64;
        let (span, mere_numbers, faded) = (clock.span(), clock.are_numbers(), entries.faded);
        let known = Report { rows, bad, ignored, merged, ..Report::default() };
        let mut report = Report { faded, span, mere_numbers, written, ..known };
        if let Some(before) = before {
            report.add(&before.report);
        }
        let kept_before = before.and_then(|before| before.all.as_ref()).map(|all| &all.kept);
        Self { users, items, matrix: CsrMatrix::empty(), options, report, latest, times: vec![], all: None }
            .finished(entries, kept_before)
    }

    /// Shows all entries, or what has enough of them.
    fn finished(mut self, entries: Entries, kept_before: Option<&Kept>) -> Result<Self> {
        let (min_items, min_users) = (self.options.min_items_per_user, self.options.min_users_per_item);
        let entries = entries.checked(self.items.len())?;
        let signs = |values: &[f32]| {
            values
                .par_iter()
                .fold(
                    || (0, 0),
                    |(zeros, negatives), &value| {
                        (zeros + usize::from(value == 0.0), negatives + usize::from(value < 0.0))
                    },
                )
                .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        };
        if min_items <= 1 && min_users <= 1 {
            (self.report.zeros, self.report.negatives) = signs(&entries.values);
            self.times = entries.times;
            self.matrix = CsrMatrix::new(self.items.len(), entries.indptr, entries.indices, entries.values)?;
            return Ok(self);
        }
        let kept =
            kept(&entries, self.items.len(), min_items, min_users, kept_before.unwrap_or(&Kept::default()));
        let shown = pruned(&entries, self.items.len(), &kept);
        (self.report.zeros, self.report.negatives) = signs(&shown.values);
        self.report.faded = self.report.faded.min(self.report.zeros);
        self.report.dropped_users = self.users.len() - kept.users.len();
        self.report.dropped_items = self.items.len() - kept.items.len();
        self.report.dropped_entries = entries.indices.len() - shown.indices.len();
        let (users, items) = (self.users, self.items);
        self.users = Arc::new(users.taken(&kept.users)?);
        self.items = Arc::new(items.taken(&kept.items)?);
        self.matrix = CsrMatrix::new(self.items.len(), shown.indptr, shown.indices, shown.values)?;
        self.all = Some(Box::new(Everything { users, items, entries, kept }));
        Ok(self)
    }

    /// The matrix is kept by callers, who may have changed it.
    fn check_matrix(&self, matrix: CsrView<'_, f32>) -> Result<()> {
        check_size("the number of rows of the matrix (one for each user)", self.users.len(), matrix.rows())?;
        check_size(
            "the number of columns of the matrix (one for each item)",
            self.items.len(),
            matrix.columns(),
        )?;
        let times =
            if self.options.keeps_times() && self.all.is_none() { self.times.len() } else { matrix.stored() };
        check_size("the number of entries of the matrix (each with a time)", times, matrix.stored())?;
        matrix.check_finite()
    }

    /// All entries as events.
    fn block(&self, view: CsrView<'_, f32>) -> Block {
        let (indptr, indices, values, times) = match &self.all {
            Some(all) => {
                let Entries { indptr, indices, values, times, .. } = &all.entries;
                (indptr.as_slice(), indices.as_slice(), values.as_slice(), times)
            }
            None => (view.pattern().indptr(), view.pattern().indices(), view.values(), &self.times),
        };
        let users = indptr.windows(2).enumerate();
        let users = users.flat_map(|(user, ends)| (ends[0]..ends[1]).map(move |_| user as u32)).collect();
        let items = indices.iter().map(|&item| item as u32).collect();
        Block { users, items, weights: values.to_vec(), times: times.clone() }
    }

    /// The matrix, and everything else.
    #[cfg(feature = "python")]
    pub(crate) fn into_matrix(mut self) -> (CsrMatrix<f32>, Self) {
        (std::mem::replace(&mut self.matrix, CsrMatrix::empty()), self)
    }

    /// What rows are called.
    #[must_use]
    pub fn users(&self) -> &Arc<Labels> {
        &self.users
    }

    /// What columns are called.
    #[must_use]
    pub fn items(&self) -> &Arc<Labels> {
        &self.items
    }

    /// The weights, users x items.
    #[must_use]
    pub fn matrix(&self) -> CsrView<'_, f32> {
        self.matrix.view()
    }

    /// What was read, and what was not.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What became of the events.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }
}
