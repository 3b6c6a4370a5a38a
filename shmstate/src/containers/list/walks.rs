//! The walks of a transaction over a list: stamping, catching up, flattening marks into byte ranges.

use super::List;
use crate::containers::marks::Head;
use crate::containers::walks::{Tracked, flatten};
use crate::layout::{Kind, Layout, SharedLayout, ValidityError};
use crate::track::{Stamp, Touched};

// SAFETY: a head of plain integers and `N` items of a shareable type without drop glue; zeroes are an empty list. The
// bytes after the last item that alignment may add belong to the list and are never looked at. The walks are those of
// the contract; the fields of the head after `len` are scratch whose value does not matter.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for List<T, N> {
    const LAYOUT: &'static Layout =
        &Layout::of::<Self>("List", Kind::List { item: T::LAYOUT, capacity: N, items: Self::ITEMS.offset });
    const TRACKED: bool = true;
    const CHECKED: bool = true;
    const DEFAULT_IS_ZERO: bool = true;

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        // SAFETY: the caller's promise: valid, and the only reference.
        unsafe { (*this).head.put_stamp(stamp) }
    }

    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        // SAFETY: the caller's promise; `from` is a value.
        let len = unsafe { (*from).head.len };
        // SAFETY: the caller's promise: `to` is memory of a list's size; nothing is read from it.
        let to = unsafe { &raw mut (*to).head.len };
        // SAFETY: the same; it is writable.
        unsafe { to.write(len) }
    }

    #[inline(always)]
    unsafe fn flatten<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut Touched,
    ) {
        // SAFETY: the caller's promise: a valid value.
        let len = unsafe { (*written).live() };
        // SAFETY: the caller's promise: a valid value.
        let live = unsafe { (*source).live() };
        let [written, source] =
            [(written, len), (source, live)].map(|(list, live)| Tracked { head: list.cast::<Head>(), live });
        // SAFETY: the caller's promise; the head is a list's first field, and the live items are values.
        unsafe { flatten::<T, NESTED>(written, source, Self::ITEMS, stamp, touched) }
    }

    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise: initialised bytes; the length is a plain number.
        let len = unsafe { (*this).head.len } as usize;
        if len > N {
            return Err(ValidityError::new(format!("a length of {len} in a list of capacity {N}")));
        }
        if T::CHECKED {
            // SAFETY: the caller's promise; items may be no values yet, so that no reference is made.
            let items = unsafe { &raw const (*this).items }.cast::<T>();
            for index in 0..len {
                // SAFETY: item `index` lies inside the list; its bytes are initialised.
                unsafe { T::validate(items.wrapping_add(index)) }.map_err(|e| e.in_item(index))?;
            }
        }
        Ok(())
    }
}
