//! What is known about events besides their matrix, and how both are read.

use std::sync::Arc;

use rayon::prelude::*;

use super::Interactions;
use super::block::Block;
use super::build::{Entries, entries, fade, faded, leave_out, settle_dates};
use super::encoder::Encoder;
use super::lines::{self, Encoding, Format, Source};
use super::options::{Age, ReadOptions};
use super::prune::{Kept, kept, pruned};
use super::report::Report;
use crate::error::{Error, Result, check_size};
use crate::labels::Labels;
use crate::observer::Observer;
use crate::pool;
use crate::sparse::{CsrMatrix, CsrView};

/// Labels, settings and what became of the events; the matrix may be kept elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Events {
    users: Arc<Labels>,
    items: Arc<Labels>,
    pub(super) options: ReadOptions,
    pub(super) report: Report,
    /// The time at which weights have not faded.
    latest: f64,
    /// The times of the entries, where later events need them.
    times: Vec<f64>,
    /// What is there before anything is left out, if something may be.
    all: Option<Box<Everything>>,
    /// The events themselves, by the codes of everything, if they are kept.
    pub(super) log: Option<Arc<Block>>,
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
    pub(crate) log: Option<Block>,
}

impl Default for State {
    fn default() -> Self {
        let none = || Arc::new(Labels::no_texts());
        let (matrix, times) = (CsrMatrix::empty(), Vec::new());
        Self { users: none(), items: none(), matrix, times, latest: f64::NEG_INFINITY, log: None }
    }
}

/// What is known besides labels and matrix.
pub(crate) struct Hidden<'a> {
    pub(crate) latest: f64,
    pub(crate) times: &'a [f64],
    pub(crate) all: Option<&'a Everything>,
}

/// What was read before, with its matrix.
pub(crate) type Before<'a> = (&'a Events, CsrView<'a, f32>);

impl Events {
    /// What a file or a copy has to hold.
    pub(crate) fn hidden(&self) -> Hidden<'_> {
        Hidden { latest: self.latest, times: &self.times, all: self.all.as_deref() }
    }

    /// What all weights have been multiplied by since an earlier state: 1 where nothing fades.
    pub(crate) fn faded_since(&self, before: &Self) -> f64 {
        let Some(half_life) = self.options.half_life else { return 1.0 };
        if before.latest == f64::NEG_INFINITY || before.latest >= self.latest {
            return 1.0;
        }
        ((before.latest - self.latest) / self.options.in_times(half_life)).exp2()
    }

    /// Puts together what was taken apart. `kept` numbers what is shown, if not everything is.
    pub(crate) fn restored(
        state: State,
        options: ReadOptions,
        kept: &Kept,
        report: Report,
    ) -> Result<Interactions> {
        options.check()?;
        let State { users, items, matrix, times, latest, log } = state;
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
        if let Some(log) = &log {
            log.check(users.len(), items.len(), options.timed)?;
        }
        let (indptr, indices, values) = matrix.into_parts();
        let entries = Entries { indptr, indices, values, times, faded: 0 };
        let (times, all, log) = (Vec::new(), None, log.map(Arc::new));
        Self { users, items, options, report, latest, times, all, log }.finished(entries, Some(kept))
    }

    /// The labels of everything, shown or not.
    pub(super) fn everything(&self) -> (&Arc<Labels>, &Arc<Labels>) {
        self.all.as_ref().map_or((&self.users, &self.items), |all| (&all.users, &all.items))
    }

    pub(crate) fn read_files(
        before: Option<Before<'_>>,
        sources: &[Source],
        format: &Format,
        encoding: Option<&dyn Encoding>,
        options: &ReadOptions,
        observer: &dyn Observer,
    ) -> Result<Interactions> {
        format.check()?;
        let options = ReadOptions { timed: format.time.is_some(), ..options.clone() };
        Self::read(before, &options, observer, |encoder| {
            lines::read_files(sources, format, encoding, encoder)
        })
    }

    /// Reads events by whatever way, after those that were read before.
    pub(crate) fn read(
        before: Option<Before<'_>>,
        options: &ReadOptions,
        observer: &dyn Observer,
        read: impl FnOnce(&mut Encoder<'_>) -> Result<()> + Send,
    ) -> Result<Interactions> {
        options.check()?;
        if let Some((before, _)) = before
            && before.options.timed != options.timed
        {
            return Err(Error::TimesDiffer { before: before.options.timed });
        }
        if let Some((before, matrix)) = before {
            before.check_matrix(matrix)?;
        }
        let known = before.map(|(before, _)| before.everything()).map(|(users, items)| (&**users, &**items));
        pool::run(options.threads, || {
            let mut encoder = Encoder::new(known, options, observer)?;
            read(&mut encoder)?;
            Self::from_events(before, encoder)
        })?
    }

    fn from_events(before: Option<Before<'_>>, encoder: Encoder<'_>) -> Result<Interactions> {
        let Encoder {
            users,
            items,
            mut blocks,
            spill,
            bad,
            rows,
            ignored,
            clock,
            written,
            options,
            observer,
            ..
        } = encoder;
        if [options.half_life, options.max_age].iter().any(|age| matches!(age, Some(Age::Seconds(_)))) {
            clock.check_seconds()?;
        }
        if spill.is_none() && clock.are_dates() {
            settle_dates(&mut blocks);
        }
        if observer.interrupted() {
            return Err(Error::Interrupted);
        }
        let known = Report { rows, bad, ignored, ..Report::default() };
        let mut report = Report { span: clock.span(), mere_numbers: clock.are_numbers(), written, ..known };
        let (users, items) = (Arc::new(users), Arc::new(items));
        if let Some(spill) = spill {
            let shape = [users.len(), items.len()];
            let latest = spill.finish(blocks, shape, clock.are_dates(), options, &mut report)?;
            let options = ReadOptions { on_disk: None, ..options.clone() };
            let matrix = CsrMatrix::new(items.len(), vec![0; users.len() + 1], vec![], vec![])?;
            let events = Self { users, items, options, report, latest, times: vec![], all: None, log: None };
            return Ok(Interactions { matrix, events });
        }
        Self::assembled(before, users, items, blocks, options.clone(), report)
    }

    /// Makes a matrix of events, after those that were read before. Their `report` lacks what becomes of them.
    pub(super) fn assembled(
        before: Option<Before<'_>>,
        users: Arc<Labels>,
        items: Arc<Labels>,
        mut blocks: Vec<Block>,
        options: ReadOptions,
        mut report: Report,
    ) -> Result<Interactions> {
        let (before, old) =
            (before.map(|(before, _)| before), before.map(|(before, matrix)| before.block(matrix)));
        let log = options.keep_events.then(|| {
            let mut log = before.and_then(|before| before.log.as_deref().cloned()).unwrap_or_default();
            for block in &blocks {
                log.append(block);
            }
            Arc::new(log)
        });
        let old_latest = before.map_or(f64::NEG_INFINITY, |before| before.latest);
        let latest = blocks.iter().flat_map(|block| &block.times).fold(old_latest, |a, &b| a.max(b));
        if let Some(max_age) = options.max_age {
            report.ignored += leave_out(&mut blocks, latest - options.in_times(max_age));
        }
        let half_life = options.half_life.map(|age| options.in_times(age));
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
        let entries = entries(blocks, users.len(), options.duplicates, options.keeps_times());
        report.merged = (old_entries + events - entries.indices.len()) as u64;
        report.faded = entries.faded;
        if let Some(before) = before {
            report.add(&before.report);
        }
        let kept_before = before.and_then(|before| before.all.as_ref()).map(|all| &all.kept);
        Self { users, items, options, report, latest, times: vec![], all: None, log }
            .finished(entries, kept_before)
    }

    /// Shows all entries, or what has enough of them.
    fn finished(mut self, entries: Entries, kept_before: Option<&Kept>) -> Result<Interactions> {
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
        // Of users and items whose events are all too old nothing is left.
        if min_items <= 1 && min_users <= 1 && self.options.max_age.is_none() {
            (self.report.zeros, self.report.negatives) = signs(&entries.values);
            self.times = entries.times;
            let matrix = CsrMatrix::new(self.items.len(), entries.indptr, entries.indices, entries.values)?;
            return Ok(Interactions { matrix, events: self });
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
        let matrix = CsrMatrix::new(self.items.len(), shown.indptr, shown.indices, shown.values)?;
        self.all = Some(Box::new(Everything { users, items, entries, kept }));
        Ok(Interactions { matrix, events: self })
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

    pub(crate) fn users(&self) -> &Arc<Labels> {
        &self.users
    }

    pub(crate) fn items(&self) -> &Arc<Labels> {
        &self.items
    }

    pub(crate) fn report(&self) -> &Report {
        &self.report
    }

    pub(crate) fn options(&self) -> &ReadOptions {
        &self.options
    }
}
