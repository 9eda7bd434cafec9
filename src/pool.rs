//! Our own rayon pools, one for each number of threads that was asked for.
//!
//! The pools start on first use and are kept. They belong to the process that started them: after a
//! fork the child finds none and starts its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// More threads than this is a mistake in the argument, not a machine.
pub(crate) const MAX_THREADS: usize = 1024;

/// Swapped as a whole, because a lock could be held by a thread of the parent that a fork has left behind.
static POOLS: ArcSwapOption<Pools> = ArcSwapOption::const_empty();

struct Pools {
    process: u32,
    /// How many threads this process may use. Asking takes longer than a search: it reads several files on Linux.
    available: usize,
    by_threads: Mutex<HashMap<usize, Arc<ThreadPool>>>,
}

/// The pools of this process.
fn pools() -> Arc<Pools> {
    let process = std::process::id();
    loop {
        match POOLS.load_full() {
            Some(pools) if pools.process == process => return pools,
            _ => {
                let available = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
                let fresh = Arc::new(Pools { process, available, by_threads: Mutex::default() });
                let before = POOLS.rcu(|pools| match pools {
                    Some(pools) if pools.process == process => Arc::clone(pools),
                    _ => Arc::clone(&fresh),
                });
                // The parent's threads do not exist in a forked child: waiting for them would never end.
                std::mem::forget(before.filter(|pools| pools.process != process));
            }
        }
    }
}

/// How many threads this process may use.
#[cfg(feature = "python")]
pub(crate) fn available() -> usize {
    pools().available
}

/// Fails if nobody can mean so many threads.
pub(crate) fn check(threads: usize) -> Result<()> {
    if threads > MAX_THREADS {
        return Err(Error::TooLarge { what: "num_threads", value: threads, max: MAX_THREADS });
    }
    Ok(())
}

/// Runs `work` on `threads` threads; 0 means as many as this process may use when it first asks
/// (processor affinity and container limits included).
pub(crate) fn run<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R> {
    let (mut work, mut result) = (Some(work), None);
    install(threads, &mut || result = work.take().map(|work| work()))?;
    Ok(result.expect("it has been run"))
}

/// The same for work of one type, so that there is one copy of what rayon does about it.
fn install(threads: usize, work: &mut (dyn FnMut() + Send)) -> Result<()> {
    pool(threads)?.install(work);
    Ok(())
}

fn pool(threads: usize) -> Result<Arc<ThreadPool>> {
    check(threads)?;
    let pools = pools();
    let threads = if threads == 0 { pools.available } else { threads };
    let mut by_threads = pools.by_threads.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(pool) = by_threads.get(&threads) {
        return Ok(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("penchant-{index}"))
        .build()
        .map_err(|error| Error::Threads { threads, reason: error.to_string() })?;
    let pool = Arc::new(pool);
    by_threads.insert(threads, Arc::clone(&pool));
    Ok(pool)
}
