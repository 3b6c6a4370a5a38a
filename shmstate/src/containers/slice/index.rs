//! Indexing by a number or a range.

use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use std::slice::SliceIndex;

/// What a list and an array can be indexed by: a number or a range.
///
/// ```
/// let mut list = shmstate::List::<u64, 8>::from([0, 1, 2, 3, 4]);
/// list[3] = 30;
/// list[..=1].fill(7);
/// assert_eq!(list[1..4], [7, 2, 30]);
/// ```
pub trait ItemIndex<T>: SliceIndex<[T]> + sealed::Sealed {
    /// The items that it means among `len` items, if all of them are there.
    #[doc(hidden)]
    fn bounds(&self, len: usize) -> Option<Range<usize>>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! item_index {
    ($($index:ty: |$self:ident, $len:ident| $range:expr;)*) => {$(
        impl sealed::Sealed for $index {}

        impl<T> ItemIndex<T> for $index {
            #[inline]
            fn bounds(&self, $len: usize) -> Option<Range<usize>> {
                let $self = self;
                let range: Range<usize> = $range;
                (range.start <= range.end && range.end <= $len).then_some(range)
            }
        }
    )*};
}

item_index! {
    usize: |i, _len| *i..i.checked_add(1)?;
    Range<usize>: |i, _len| i.clone();
    RangeTo<usize>: |i, _len| 0..i.end;
    RangeFrom<usize>: |i, len| i.start..len;
    RangeFull: |_i, len| 0..len;
    RangeInclusive<usize>: |i, _len| *i.start()..i.end().checked_add(1)?;
    RangeToInclusive<usize>: |i, _len| 0..i.end.checked_add(1)?;
}

macro_rules! slice_index {
    ($List:ident) => {
        impl<T: $crate::layout::SharedLayout, I: $crate::containers::ItemIndex<T>, const N: usize> std::ops::Index<I>
            for $List<T, N>
        {
            type Output = I::Output;

            #[inline]
            #[track_caller]
            fn index(&self, index: I) -> &I::Output {
                &self.as_slice()[index]
            }
        }

        /// Marks the items that are borrowed.
        impl<T: $crate::layout::SharedLayout, I: $crate::containers::ItemIndex<T>, const N: usize> std::ops::IndexMut<I>
            for $List<T, N>
        {
            #[inline]
            #[track_caller]
            fn index_mut(&mut self, index: I) -> &mut I::Output {
                let live = self.live();
                if let Some(range) = index.bounds(live) {
                    self.mark_borrowed(range);
                }
                &mut self.unmarked_mut(live)[index]
            }
        }
    };
}

pub(in crate::containers) use slice_index;
