//! Memory for the rows that are gathered.

use super::Real;
use super::stored::Stored;

/// Bytes that the memory brings at a time.
const LINE: usize = 64;

/// Rows that begin with a cache line each, in large pages where the system has them.
///
/// A row of 64 halves is two lines; anywhere else it would touch three. The gathers hit rows all over the
/// buffer, so with pages of 4 KiB nearly each of them would also miss the table of addresses.
pub(crate) struct Buffer<G> {
    storage: Vec<G>,
    start: usize,
    len: usize,
}

impl<G: Copy> Buffer<G> {
    pub(crate) fn new<T: Real>(len: usize) -> Self
    where
        G: Stored<T>,
    {
        let storage = vec![G::NOTHING; len + LINE / size_of::<G>()];
        let start = storage.as_ptr().align_offset(LINE).min(storage.len() - len);
        ask_for_large_pages(&storage);
        Self { storage, start, len }
    }

    /// The first `len` numbers, whatever they are; more memory if there are fewer.
    pub(crate) fn first<T: Real>(&mut self, len: usize) -> &mut [G]
    where
        G: Stored<T>,
    {
        if self.len < len {
            *self = Self::new(0);
            *self = Self::new(len);
        }
        &mut self.as_mut_slice()[..len]
    }

    pub(crate) fn as_slice(&self) -> &[G] {
        &self.storage[self.start..self.start + self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [G] {
        &mut self.storage[self.start..self.start + self.len]
    }
}

/// Tells Linux that the pages of this memory may be large ones. Zeros fresh from the system have not been
/// touched yet, so the first write to them decides.
fn ask_for_large_pages<G>(storage: &[G]) {
    #[cfg(target_os = "linux")]
    {
        const LARGE_PAGE: usize = 1 << 21;
        let bytes = size_of_val(storage);
        let start = storage.as_ptr() as usize;
        let first = start.next_multiple_of(LARGE_PAGE);
        let last = (start + bytes) / LARGE_PAGE * LARGE_PAGE;
        if first < last {
            // SAFETY: the range lies inside the slice and starts at a page; the advice changes no contents.
            // It may be refused, which is fine.
            unsafe { libc::madvise(first as *mut libc::c_void, last - first, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = storage;
}
