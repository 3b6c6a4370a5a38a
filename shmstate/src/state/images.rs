//! The images of `T` in a mapping.

use crate::commit::{Images, MAX_COPIES};
use crate::layout::SharedLayout;
use crate::region::Region;
use crate::sync;
use std::marker::PhantomData;
use std::ops::Range;

/// The images of `T` in a mapping: worked out once, for every read and update needs them.
pub(super) struct TypedImages<T> {
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
    pub(super) fn image(&self, k: usize) -> *mut T {
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
        unsafe { std::ptr::copy_nonoverlapping(from.cast::<u8>(), to.cast(), size_of::<T>()) }
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
        if len == 8 {
            // The commonest range: one unit, not worth a call.
            // SAFETY: the caller's promise; the range lies inside `T`.
            unsafe { std::ptr::copy_nonoverlapping(from, to, 8) }
        } else {
            // SAFETY: the caller's promise; the range lies inside `T`.
            unsafe { std::ptr::copy_nonoverlapping(from, to, len) }
        }
    }
}
