//! What the tracked containers whose items lie in a row have in common, and share with slices.
//!
//! [`like_a_slice`] implements that for a container with these methods of its own:
//! * `live`: how many items there are; a method asks once, because another process may change the answer at any time
//! * `as_slice`, `unmarked_mut(live)`: the items, without marking any
//! * `mark_written(range)`: notes that items are about to be overwritten or moved
//! * `mark_borrowed(range)`: notes that items are about to be borrowed mutably
//!
//! `access`, `index`: borrows of items; `order`: their order; `traits`: what the whole has in common with a slice.

mod access;
mod index;
mod order;
mod traits;

pub use index::ItemIndex;
pub(super) use {access::slice_access, index::slice_index, order::slice_order, traits::slice_traits};

/// Makes a container behave as the slice of its items.
macro_rules! like_a_slice {
    ($List:ident) => {
        $crate::containers::slice::slice_access!($List);
        $crate::containers::slice::slice_index!($List);
        $crate::containers::slice::slice_order!($List);
        $crate::containers::slice::slice_traits!($List);
    };
}

pub(super) use like_a_slice;
