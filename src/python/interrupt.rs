//! Long work that Ctrl-C can end.
//!
//! Python delivers signals to its main thread only, and only while that thread asks for them. So the work
//! runs on a thread of its own, and the thread that called waits for it, asking several times a second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, scope};
use std::time::Duration;

use pyo3::prelude::*;

use crate::observer::Observer;

/// How often signals are asked for.
const PATIENCE: Duration = Duration::from_millis(50);

/// Ends work when its flag is raised.
pub(super) struct Stop<'a>(pub(super) &'a AtomicBool);

impl Observer for Stop<'_> {
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Tells Python how far the work is, and hears from it whether to stop.
pub(super) struct Reporter<'a> {
    pub(super) messages: Sender<u64>,
    pub(super) stop: &'a AtomicBool,
}

impl Observer for Reporter<'_> {
    fn progress(&self, done: u64) {
        // Nobody listens any more when the work is about to be stopped.
        let _ = self.messages.send(done);
    }

    fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Runs `work` with the interpreter released, and `answer` with it held for every message that work sends.
///
/// A signal, or an error of `answer`, raises the flag that `work` was given; its exception is returned once
/// the work has ended.
pub(super) fn interruptible<M: Send, R: Send>(
    py: Python<'_>,
    work: impl FnOnce(Sender<M>, &AtomicBool) -> R + Send,
    answer: impl FnMut(M) -> PyResult<()>,
) -> PyResult<R> {
    let stop = AtomicBool::new(false);
    let (messages, inbox) = channel();
    let mut result = None;
    let work = || result = Some(work(messages, &stop));
    // The inbox is closed afterwards: a worker that waits for an answer is told so.
    beside(py, Box::new(work), &stop, Box::new(|| attend(py, inbox, answer)))?;
    Ok(result.expect("the work has ended"))
}

/// Runs `work` on a thread of its own and `attend` on this one, and raises `stop` if that fails.
fn beside<'a>(
    py: Python<'_>,
    work: Box<dyn FnOnce() + Send + 'a>,
    stop: &AtomicBool,
    attend: Box<dyn FnOnce() -> PyResult<()> + 'a>,
) -> PyResult<()> {
    scope(|threads| {
        let worker = Builder::new().name("penchant-work".into()).spawn_scoped(threads, work)?;
        let outcome = attend();
        stop.store(outcome.is_err(), Ordering::Relaxed);
        let result = py.detach(|| worker.join());
        outcome?;
        result.map_err(|panic| pyo3::panic::PanicException::new_err(panic_message(&*panic)))
    })
}

/// Answers until the work is over: its end closes the channel.
fn attend<M: Send>(
    py: Python<'_>,
    mut inbox: Receiver<M>,
    mut answer: impl FnMut(M) -> PyResult<()>,
) -> PyResult<()> {
    loop {
        // The closure borrows the inbox mutably because a shared one may not cross threads.
        let inbox = &mut inbox;
        let message = py.detach(move || inbox.recv_timeout(PATIENCE));
        py.check_signals()?;
        match message {
            Ok(message) => answer(message)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic in the core".into())
}
