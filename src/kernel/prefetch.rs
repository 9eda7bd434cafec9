//! Asking for memory before it is needed.

/// Bytes that one request brings.
const LINE: usize = 64;

/// Asks for `slice[start..start + len]`; does nothing past the end.
#[inline(always)]
pub(crate) fn prefetch<G>(slice: &[G], start: usize, len: usize) {
    let Some(wanted) = slice.get(start..start + len) else { return };
    let bytes = std::mem::size_of_val(wanted);
    for offset in (0..bytes).step_by(LINE) {
        line(wanted.as_ptr().cast::<i8>().wrapping_add(offset));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn line(address: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
    // SAFETY: a prefetch reads nothing that could be seen, and never fails.
    unsafe { _mm_prefetch::<_MM_HINT_T1>(address) };
}

#[cfg(target_arch = "aarch64")]
use super::neon::prefetch as line;

/// There is no such request.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn line(_: *const i8) {}

/// Rows that will be gathered later, asked for little by little.
pub(crate) struct Ahead<'a, G> {
    pub(super) fixed: &'a [G],
    pub(super) width: usize,
    pub(super) indices: &'a [i32],
    pub(super) at_a_time: usize,
}

impl<G> Ahead<'_, G> {
    /// Asks for the next few.
    #[inline(always)]
    pub(super) fn ask(&mut self) {
        let (now, later) = self.indices.split_at(self.at_a_time.min(self.indices.len()));
        for &index in now {
            prefetch(self.fixed, index as usize * self.width, self.width);
        }
        self.indices = later;
    }

    /// Asks for all that are left.
    #[inline(always)]
    pub(crate) fn ask_all(&mut self) {
        self.at_a_time = self.indices.len();
        self.ask();
    }
}
