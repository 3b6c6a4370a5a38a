//! The images of `T` in a mapping.

use crate::commit::{Images, MAX_COPIES};
use crate::layout::SharedLayout;
use crate::region::Region;
use crate::sync;
use crate::track::PAGE;
use std::marker::PhantomData;
use std::ops::Range;

/// Bytes that Linux maps around a page that is read for the first time: the kernel's `fault_around_bytes`, unless it was changed.
const MAPPED_AROUND: usize = 64 << 10;

/// Copies a page or more. Before that, reads one byte in each [`MAPPED_AROUND`] of the destination.
///
/// A page that a process first touches by a write costs a page fault of its own. A page that it first touches by a read brings the
/// pages around it along; these can be written as well, because the file lies in memory. Where the pages are mapped already, the
/// reads cost one load each.
///
/// # Safety
/// The bytes lie in two copies of a mapping. No other access is made to those at `to`, and those at `from` are not written.
#[inline(never)]
unsafe fn copy_many(to: *mut u8, from: *const u8, len: usize) {
    for offset in one_in_each(to.addr(), len) {
        // SAFETY: one of the bytes, under the caller's promise.
        let _ = unsafe { to.wrapping_add(offset).read_volatile() };
    }
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(from, to, len) }
}

/// One offset in each [`MAPPED_AROUND`] in which the `len` bytes from the address `at` on lie.
#[inline]
fn one_in_each(at: usize, len: usize) -> impl Iterator<Item = usize> {
    let next = MAPPED_AROUND - at % MAPPED_AROUND;
    (0..len.min(1)).chain((next..len).step_by(MAPPED_AROUND))
}

/// The images of `T` in a mapping: computed once, because every read and update needs them.
pub(crate) struct TypedImages<T> {
    /// Where each copy begins; past the last one, addresses that are never followed.
    at: [*mut u8; MAX_COPIES],
    ty: PhantomData<fn() -> T>,
}

// SAFETY: an address; the code that follows it promises what that takes.
unsafe impl<T> Send for TypedImages<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for TypedImages<T> {}

impl<T> Clone for TypedImages<T> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TypedImages<T> {}

impl<T: SharedLayout> TypedImages<T> {
    pub(super) fn of(region: &Region) -> Self {
        let (base, stride) = region.images();
        TypedImages { at: std::array::from_fn(|k| base.wrapping_add(k * stride)), ty: PhantomData }
    }

    /// Copy `k`, which exists.
    #[inline]
    pub(crate) fn image(&self, k: usize) -> *mut T {
        self.at[k % MAX_COPIES].cast()
    }
}

impl<T: SharedLayout> Images for &TypedImages<T> {
    type Pair = (*mut T, *const T);

    #[inline]
    fn size(&self) -> u64 {
        size_of::<T>() as u64
    }

    #[inline]
    fn pair(&self, to: usize, from: usize) -> Self::Pair {
        (self.image(to), self.image(from))
    }

    #[inline]
    fn fetch(&self, (to, from): Self::Pair, start: u64) {
        sync::fetch(from.cast::<u8>().wrapping_add(start as usize));
        sync::fetch(to.cast::<u8>().wrapping_add(start as usize));
    }

    #[inline]
    unsafe fn copy_all(&self, (to, from): Self::Pair) {
        // SAFETY: the caller's promise; two copies of `T` in the mapping.
        unsafe { copy_many(to.cast(), from.cast(), size_of::<T>()) }
    }

    #[inline]
    unsafe fn copy_plain(&self, (to, from): Self::Pair) {
        // SAFETY: the caller's promise; two copies of `T` in the mapping, of which `from` holds a value.
        unsafe { T::copy_plain(to, from) }
    }

    #[inline]
    unsafe fn copy_range(&self, (to, from): Self::Pair, range: Range<u64>) {
        let (start, len) = (range.start as usize, (range.end - range.start) as usize);
        let (to, from) = (to.cast::<u8>().wrapping_add(start), from.cast::<u8>().wrapping_add(start));
        if len >= PAGE as usize {
            // SAFETY: the caller's promise; the range lies inside `T`.
            unsafe { copy_many(to, from, len) }
        } else if matches!(len, 16..=32) {
            // Not worth a call: the first and the last 16 bytes, which may overlap. (Of a word, the caller knows the length.)
            // SAFETY: the caller's promise; the range lies inside `T`.
            unsafe { std::ptr::copy_nonoverlapping(from, to, 16) }
            // SAFETY: the same.
            unsafe { std::ptr::copy_nonoverlapping(from.wrapping_add(len - 16), to.wrapping_add(len - 16), 16) }
        } else {
            // SAFETY: the caller's promise; the range lies inside `T`.
            unsafe { std::ptr::copy_nonoverlapping(from, to, len) }
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_read_once_and_nothing_else() {
        const PART: usize = MAPPED_AROUND;
        assert_eq!(one_in_each(8, 0).count(), 0);
        for (at, len) in [(0, 1), (0, PART), (0, PART + 1), (4096, PART), (PART - 1, 2), (5 * PART + 8, 7 * PART)] {
            let read: Vec<usize> = one_in_each(at, len).inspect(|&offset| assert!(offset < len)).collect();
            let parts: Vec<usize> = read.iter().map(|offset| (at + offset) / PART).collect();
            assert_eq!(parts, (at / PART..=(at + len - 1) / PART).collect::<Vec<_>>());
        }
    }
}
