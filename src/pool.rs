//! Our own rayon pools, one for each number of threads that was asked for.
//!
//! The pools start on first use and are kept. They belong to the process that started them: after a
//! fork the child finds none and starts its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// More threads than this is a mistake in the argument, not a machine.
pub(crate) const MAX_THREADS: usize = 1024;

static POOLS: Mutex<Option<Pools>> = Mutex::new(None);

struct Pools {
    process: u32,
    by_threads: HashMap<usize, Arc<ThreadPool>>,
}

/// Runs `work` on `threads` threads; 0 means as many as this process may use
/// (processor affinity and container limits included).
pub(crate) fn run<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> Result<R> {
    Ok(pool(threads)?.install(work))
}

fn pool(threads: usize) -> Result<Arc<ThreadPool>> {
    let threads = match threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        n if n > MAX_THREADS => {
            return Err(Error::TooLarge { what: "num_threads", value: n, max: MAX_THREADS });
        }
        n => n,
    };
    let mut guard = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if guard.as_ref().is_none_or(|pools| pools.process != process) {
        // The parent's threads do not exist in a forked child: waiting for them would never end.
        std::mem::forget(guard.replace(Pools { process, by_threads: HashMap::new() }));
    }
    let Some(pools) = guard.as_mut() else { unreachable!("the line above filled it") };
    if let Some(pool) = pools.by_threads.get(&threads) {
        return Ok(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("penchant-{index}"))
        .build()
        .map_err(|error| Error::Threads { threads, reason: error.to_string() })?;
    let pool = Arc::new(pool);
    pools.by_threads.insert(threads, Arc::clone(&pool));
    Ok(pool)
}
