//! [`List`]: a vector of fixed capacity that notes what an update touches.

use super::Full;
use super::marks::{Head, Items, Marking};
use crate::layout::{Invalid, Kind, Layout, SharedLayout};
use crate::mutant;
use crate::track::{Stamp, Touched};
use std::mem::MaybeUninit;
use std::ops::{Deref, Index, IndexMut, Range};
use std::slice::SliceIndex;

/// A `Vec` that cannot grow past `N`.
#[repr(C)]
pub struct List<T, const N: usize> {
    head: Head,
    /// Invariant: the first `len` items are values, `len` being `head.len` clamped to `N`; every other item is bytes that
    /// are not looked at.
    items: [MaybeUninit<T>; N],
}

impl<T: SharedLayout, const N: usize> List<T, N> {
    /// What every list type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        assert!(N > 0, "a List of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a List holds at most u32::MAX items");
        assert!(size_of::<T>() > 0, "a List of zero-sized items holds nothing: use a counter");
        assert!(size_of::<T>() <= u32::MAX as usize, "an item of a List has at most u32::MAX bytes");
        assert!(align_of::<T>() <= 64, "an item of a List is aligned to at most 64 bytes");
        assert!(!std::mem::needs_drop::<T>(), "an item of a List has no drop glue");
    };

    const ITEMS: Items = {
        let () = Self::PROVED;
        Items { offset: std::mem::offset_of!(Self, items), size: size_of::<T>(), capacity: N }
    };

    /// An empty list. It has the size of a full one: on the stack for small ones, [`SharedLayout::boxed`] for large.
    #[must_use]
    pub fn new() -> Self {
        Self::zeroed()
    }

    /// Live items, at most `N` whatever the bytes say.
    #[inline]
    fn live(&self) -> usize {
        (self.head.len as usize).min(N)
    }

    /// Notes that the items in `range` are about to be overwritten or moved.
    #[inline]
    fn overwrite(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.head.mark(range, Self::ITEMS);
        }
    }

    /// Notes that the items in `range`, all live, are about to be handed out: containers inside them are stamped, where
    /// the item had not been marked before.
    #[inline]
    fn hand_out(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if T::TRACKED { self.hand_out_tracked(range) } else { self.overwrite(range) }
    }

    fn hand_out_tracked(&mut self, range: Range<usize>) {
        let before = self.head.clone();
        let marking = self.head.mark(range.clone(), Self::ITEMS);
        if marking != Marking::New && !mutant::planted("stamp_always") {
            return;
        }
        for index in range {
            if !before.is_exact(index) || mutant::planted("stamp_always") {
                let stamp = self.head.stamp_at(Self::ITEMS.offset + index * size_of::<T>());
                // SAFETY: a live item, borrowed through `self`.
                unsafe { T::stamp(self.items[index].as_mut_ptr(), stamp) }
            }
        }
    }

    /// Appends `value`.
    ///
    /// # Errors
    /// Gives the value back when the list is full.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), Full<T>> {
        let len = self.live();
        if len == N {
            return Err(Full::new(value, "list", N, N + 1));
        }
        self.overwrite(len..len + 1);
        self.items[len].write(value);
        self.head.len = len as u32 + 1;
        Ok(())
    }

    /// Removes the last item and returns it.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = self.live().checked_sub(1)?;
        self.head.len = last as u32;
        // SAFETY: the item was live; it is not any more, so that it is not read twice.
        Some(unsafe { self.items[last].assume_init_read() })
    }

    /// The items.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: the first `live` items are values, by the invariant of `items`.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast(), self.live()) }
    }

    /// The items, without marking any: the caller marks what it is going to touch.
    #[inline]
    fn unmarked_mut(&mut self) -> &mut [T] {
        let live = self.live();
        // SAFETY: the first `live` items are values, by the invariant of `items`.
        unsafe { std::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast(), live) }
    }

    /// All items, to be changed: marks all of them.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self.hand_out(0..self.live());
        self.unmarked_mut()
    }

    /// The item or items at `index`, to be changed; `None` if any of them is not there.
    #[inline]
    pub fn get_mut<I: ListIndex<T>>(&mut self, index: I) -> Option<&mut I::Output> {
        self.hand_out(index.bounds(self.live())?);
        self.unmarked_mut().get_mut(index)
    }
}

impl<T: SharedLayout, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: SharedLayout, const N: usize> Deref for List<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: SharedLayout + Clone, const N: usize> Clone for List<T, N> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        for (to, from) in clone.items.iter_mut().zip(self.as_slice()) {
            to.write(from.clone());
        }
        clone.head = self.head.cloned(self.live());
        clone
    }
}

/// What a list can be indexed by: a number or a range.
pub trait ListIndex<T>: SliceIndex<[T]> + sealed::Sealed {
    /// The items it stands for in a list of `len` items, if all of them are there.
    #[doc(hidden)]
    fn bounds(&self, len: usize) -> Option<Range<usize>>;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for usize {}

impl<T> ListIndex<T> for usize {
    #[inline]
    fn bounds(&self, len: usize) -> Option<Range<usize>> {
        (*self < len).then(|| *self..*self + 1)
    }
}

impl<T: SharedLayout, I: ListIndex<T>, const N: usize> Index<I> for List<T, N> {
    type Output = I::Output;

    #[inline]
    fn index(&self, index: I) -> &I::Output {
        &self.as_slice()[index]
    }
}

impl<T: SharedLayout, I: ListIndex<T>, const N: usize> IndexMut<I> for List<T, N> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, index: I) -> &mut I::Output {
        if let Some(range) = index.bounds(self.live()) {
            self.hand_out(range);
        }
        &mut self.unmarked_mut()[index]
    }
}

// SAFETY: a head of plain integers and `N` items of a shareable type without drop glue; zeroes are an empty list. The
// bytes behind the last item that alignment may add belong to the list and are never looked at. The walks are those of
// the contract; the fields of the head behind `len` are scratch whose value does not matter.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for List<T, N> {
    const LAYOUT: &'static Layout = &Layout {
        name: "List",
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        version: 0,
        kind: Kind::List { item: T::LAYOUT, capacity: N, items: Self::ITEMS.offset },
    };
    const TRACKED: bool = true;
    const CHECKED: bool = true;

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        // SAFETY: the caller's promise: valid, and nobody else's.
        unsafe { (*this).head.put_stamp(stamp) }
    }

    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        // SAFETY: the caller's promise; `from` is a value.
        let len = unsafe { (*from).head.len };
        // SAFETY: the caller's promise; `to` is writable memory.
        unsafe { (&raw mut (*to).head.len).write(len) }
    }

    #[inline]
    unsafe fn flatten<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut Touched,
    ) {
        // SAFETY: the caller's promise: a valid value that nobody changes.
        let (list, live) = unsafe { (&*written, (*source).live()) };
        let place = stamp.place();
        if NESTED {
            touched.add(place, size_of::<u32>());
        }
        let whole = |range: Range<usize>, touched: &mut Touched| {
            let (start, end) = (range.start.min(live), range.end.min(live));
            let at = place + (Self::ITEMS.offset + start * size_of::<T>()) as u64;
            touched.add(at, (end - start) * size_of::<T>());
        };
        if !list.head.at_home(stamp, !std::ptr::eq(written, source)) {
            return whole(0..live, touched);
        }
        if list.head.is_clear() {
            return;
        }
        list.head.for_each_block(Self::ITEMS, |range| whole(range, touched));
        for &[first, last] in list.head.exact() {
            let range = first as usize..(last as usize).min(live);
            if !T::TRACKED {
                whole(range, touched);
                continue;
            }
            // An item that is not live in the copy that was written says nothing about itself.
            let believed = if mutant::planted("dead_memory_trusted") { live } else { list.live() };
            for index in range {
                let at = stamp.at(Self::ITEMS.offset + index * size_of::<T>());
                if index < believed {
                    // SAFETY: live items of both lists (`index < live`), under the caller's promise.
                    unsafe {
                        T::flatten::<true>(list.items[index].as_ptr(), (*source).items[index].as_ptr(), at, touched);
                    }
                } else {
                    touched.add(at.place(), size_of::<T>());
                }
            }
        }
        if std::ptr::eq(written, source) && mutant::planted("clearing_keeps_stamp") {
            // SAFETY: a planted fault in a test build; the copy is the writer's own.
            unsafe { (*written.cast_mut()).head.forget_marks() }
        }
    }

    unsafe fn validate(this: *const Self) -> Result<(), Invalid> {
        // SAFETY: the caller's promise: initialised bytes; the length is a plain number.
        let len = unsafe { (*this).head.len } as usize;
        if len > N {
            return Err(Invalid::new(format!("a length of {len} in a list of capacity {N}")));
        }
        if T::CHECKED {
            for index in 0..len {
                // SAFETY: item `index` lies inside the list; its bytes are initialised.
                unsafe { T::validate((&raw const (*this).items).cast::<T>().add(index)) }
                    .map_err(|e| e.in_item(index))?;
            }
        }
        Ok(())
    }
}
