//! The state that the moves test plays with: lists of plain items below and above 64 items and a page, lists of structs
//! that hold lists, two deep, arrays of lists; and a fuse.

use crate::layout::StructLayout;
use crate::track::{Stamp, Touched};
use crate::{Field, Invalid, Kind, Layout, List, SharedLayout, Text};
use std::cell::Cell;
use std::mem::offset_of;

/// Found at three depths.
pub(super) type Small = List<u64, 6>;
/// Items smaller than the unit in which ranges are kept; blocks of several items.
pub(super) type Bytes = List<u8, 300>;
/// Several pages.
pub(super) type Big = List<u64, 1500>;
pub(super) type Items = List<Item, 4>;
pub(super) type Groups = List<Group, 3>;
/// More than 64 items with lists inside, on several pages.
pub(super) type Wide = List<Item, 90>;

/// What the derive would write.
macro_rules! shared {
    ($($(#[$doc:meta])* struct $name:ident { $($field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Debug)]
        #[repr(C)]
        pub(super) struct $name { $(pub(super) $field: $ty),* }

        const _: () = StructLayout::new(stringify!($name))
            $(.field(stringify!($field), offset_of!($name, $field), size_of::<$ty>()))*
            .finish(size_of::<$name>());

        // SAFETY: `repr(C)`, no padding (proved above), fields that are shareable; each walk visits each of them.
        unsafe impl SharedLayout for $name {
            const LAYOUT: &'static Layout = &Layout {
                name: stringify!($name),
                size: size_of::<Self>(),
                align: align_of::<Self>(),
                version: 0,
                kind: Kind::Struct(&[$(Field {
                    name: stringify!($field),
                    offset: offset_of!(Self, $field),
                    layout: <$ty>::LAYOUT,
                }),*]),
            };
            const TRACKED: bool = $(<$ty>::TRACKED)||*;
            const CHECKED: bool = $(<$ty>::CHECKED)||*;

            unsafe fn stamp(this: *mut Self, stamp: Stamp) {
                $(if <$ty>::TRACKED {
                    let offset = offset_of!(Self, $field);
                    // SAFETY: a field, under the caller's promise for the whole.
                    unsafe { <$ty>::stamp(this.wrapping_byte_add(offset).cast(), stamp.at(offset)) }
                })*
            }

            unsafe fn copy_plain(to: *mut Self, from: *const Self) {
                $({
                    let offset = offset_of!(Self, $field);
                    let (to, from) = (to.wrapping_byte_add(offset).cast(), from.wrapping_byte_add(offset).cast());
                    // SAFETY: a field of both, under the caller's promise for the whole.
                    unsafe { <$ty>::copy_plain(to, from) }
                })*
            }

            unsafe fn flatten<const NESTED: bool>(
                written: *const Self,
                source: *const Self,
                stamp: Stamp,
                touched: &mut Touched,
            ) {
                $({
                    let offset = offset_of!(Self, $field);
                    let (written, source) = (written.wrapping_byte_add(offset), source.wrapping_byte_add(offset));
                    let stamp = stamp.at(offset);
                    // SAFETY: a field of both, under the caller's promise for the whole.
                    unsafe { <$ty>::flatten::<NESTED>(written.cast(), source.cast(), stamp, touched) }
                })*
            }

            unsafe fn validate(this: *const Self) -> Result<(), Invalid> {
                $(if <$ty>::CHECKED {
                    let offset = offset_of!(Self, $field);
                    // SAFETY: a field, under the caller's promise for the whole.
                    unsafe { <$ty>::validate(this.wrapping_byte_add(offset).cast()) }
                        .map_err(|e| e.in_field(stringify!($field)))?;
                })*
                Ok(())
            }
        }

        impl $name {
            /// The fields in which the two differ.
            #[allow(dead_code, reason = "only the outermost one is asked")]
            pub(super) fn differing(&self, other: &Self) -> Vec<&'static str> {
                let mut differing = vec![];
                $(if self.$field != other.$field {
                    differing.push(stringify!($field));
                })*
                differing
            }
        }
    )*};
}

shared! {
    struct Item { n: u64, small: Small }

    struct Group { id: u64, small: Small, items: Items }

    struct Root {
        count: u64,
        title: Text<24>,
        pair: [u32; 2],
        smalls: [Small; 3],
        bytes: [Bytes; 2],
        fuse: Fuse,
        big: [Big; 2],
        items: [Items; 2],
        groups: [Groups; 2],
        wide: [Wide; 2],
    }
}

/// Which walk a fuse cuts short.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Walk {
    /// Before the closure.
    Stamp,
    /// After it.
    Flatten,
}

thread_local! {
    static ARMED: Cell<Option<(Walk, fn())>> = const { Cell::new(None) };
}

/// Eight bytes through which a test gets in between the steps of a transaction.
#[derive(Clone, PartialEq, Debug)]
#[repr(C)]
pub(super) struct Fuse {
    bytes: [u8; 8],
}

impl Fuse {
    /// `blow` runs once, in the next such walk of this thread.
    pub(super) fn arm(walk: Walk, blow: fn()) {
        ARMED.set(Some((walk, blow)));
    }

    /// No walk is cut short.
    pub(super) fn disarm() {
        ARMED.set(None);
    }

    fn pass(walk: Walk) {
        if let Some((armed, blow)) = ARMED.get()
            && armed == walk
        {
            ARMED.set(None);
            blow();
        }
    }
}

// SAFETY: bytes, every pattern of which is a value.
unsafe impl SharedLayout for Fuse {
    const LAYOUT: &'static Layout =
        &Layout { name: "Fuse", size: size_of::<Self>(), align: align_of::<Self>(), version: 0, kind: Kind::Pod };
    const TRACKED: bool = true;
    const CHECKED: bool = false;

    unsafe fn stamp(_: *mut Self, _: Stamp) {
        Self::pass(Walk::Stamp);
    }

    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(from, to, 1) }
    }

    unsafe fn flatten<const NESTED: bool>(_: *const Self, _: *const Self, stamp: Stamp, touched: &mut Touched) {
        Self::pass(Walk::Flatten);
        if NESTED {
            touched.add(stamp.place(), size_of::<Self>());
        }
    }
}
