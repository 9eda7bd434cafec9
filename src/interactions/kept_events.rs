//! The events themselves, where they are kept: parts of them, and whether their times are seconds.

use std::sync::Arc;

use super::Interactions;
use super::block::Block;
#[cfg(feature = "python")]
use super::clock::Clock;
use super::events::Events;
use super::report::Report;
#[cfg(feature = "python")]
use super::time::Time;
use crate::error::{Error, Result, check_size};
use crate::pool;

impl Events {
    /// Makes a matrix of the events for which the mask holds, with the labels of all. Where `plain` says so, nothing
    /// fades and nothing is left out; otherwise what becomes of them is told from these events alone.
    ///
    /// There must be a log, and a flag for each of its events.
    pub(crate) fn subset(&self, mask: &[bool], plain: bool) -> Result<Interactions> {
        let log = self.log.as_deref().ok_or(Error::NoLog)?;
        check_size("the number of flags (one for each event)", log.users.len(), mask.len())?;
        let (users, items) = self.everything();
        let mut options = self.options.clone();
        if plain {
            (options.half_life, options.max_age) = (None, None);
            (options.min_items_per_user, options.min_users_per_item) = (1, 1);
        }
        let options = options;
        pool::run(options.threads, || {
            let blocks = log.chosen(mask);
            let rows = blocks.iter().map(|block| block.users.len() as u64).sum();
            let report = Report { rows, span: self.report.span, ..Report::default() };
            let report = Report { mere_numbers: self.report.mere_numbers, ..report };
            Self::assembled(None, Arc::clone(users), Arc::clone(items), blocks, options, report)
        })?
    }

    /// The events themselves, if they are kept.
    pub(crate) fn log(&self) -> Option<&Block> {
        self.log.as_deref()
    }

    /// Fails if the times of the log cannot be seconds, as ages of it need them.
    #[cfg(feature = "python")]
    pub(crate) fn check_seconds(&self) -> Result<()> {
        let log = self.log.as_deref().ok_or(Error::NoLog)?;
        let mut clock = Clock::default();
        log.times.iter().for_each(|&time| clock.see(Time::Number(time)));
        clock.check_seconds()
    }

    /// How many users and items there are, shown or not.
    #[cfg(feature = "python")]
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let (users, items) = self.everything();
        (users.len(), items.len())
    }
}
