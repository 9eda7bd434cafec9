//! Watching long work.

use std::ops::ControlFlow;

/// Watches a fit or a reading, and may end it.
pub trait Observer: Sync {
    /// Called after every epoch of a fit, counted from 1, with the loss: the objective divided by the total weight
    /// of all pairs. `Break` ends the fit and keeps what was learned until this epoch.
    fn epoch(&self, epoch: usize, loss: f64) -> ControlFlow<()> {
        let _ = (epoch, loss);
        ControlFlow::Continue(())
    }

    /// Called just before [`epoch`](Self::epoch) by fits whose sides are in different bases meanwhile, with the `f × f`
    /// matrix, row-major, by which the rows of the user factors have to be multiplied.
    fn turn(&self, turn: &[f64]) {
        let _ = turn;
    }

    /// Called now and then with how much has been done since the last call, in the unit of the work: bytes of files,
    /// events, rows.
    fn progress(&self, done: u64) {
        let _ = done;
    }

    /// Asked often, from many threads. `true` ends the work at once with
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    fn interrupted(&self) -> bool {
        false
    }
}

/// The observer that does nothing.
impl Observer for () {}
