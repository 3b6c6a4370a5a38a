//! Types of the standard library whose layout is guaranteed.

use crate::layout::{Field, Kind, Layout, Scalar, SharedLayout, ValidityError};
use crate::track::{DirtyRanges, Stamp};
use std::num::{NonZero, Saturating, Wrapping};

macro_rules! option_of_non_zero {
    ($($ty:ty = $scalar:ident),* $(,)?) => {$(
        /// `None` is zero.
        // SAFETY: the standard library guarantees that it has the layout of the number, and that `None` is zero: so every
        // byte pattern is a value, without padding or drop glue.
        unsafe impl SharedLayout for Option<NonZero<$ty>> {
            const LAYOUT: &'static Layout = &Layout {
                name: concat!("Option<NonZero<", stringify!($ty), ">>"),
                kind: Kind::Scalar(Scalar::$scalar),
                ..*<$ty as SharedLayout>::LAYOUT
            };
            const TRACKED: bool = false;
            const CHECKED: bool = false;
        }
        const _: () = assert!(size_of::<Option<NonZero<$ty>>>() == size_of::<$ty>());
    )*};
}

option_of_non_zero!(
    u8 = U8,
    u16 = U16,
    u32 = U32,
    u64 = U64,
    u128 = U128,
    i8 = I8,
    i16 = I16,
    i32 = I32,
    i64 = I64,
    i128 = I128,
);

macro_rules! transparent {
    ($($Wrapper:ident),*) => {$(
        // SAFETY: it is `repr(transparent)`: whatever holds of the inner type holds of it, and its walks are the inner type's.
        unsafe impl<T: SharedLayout> SharedLayout for $Wrapper<T> {
            const LAYOUT: &'static Layout = &Layout {
                name: stringify!($Wrapper),
                size: size_of::<Self>(),
                align: align_of::<Self>(),
                version: 0,
                arguments: &[],
                docs: "",
                hooks: crate::layout::Hooks::NONE,
                kind: Kind::Struct(const { &[Field { name: "0", offset: 0, layout: T::LAYOUT, docs: "", renamed_from: &[], local: false }] }),
            };
            const TRACKED: bool = T::TRACKED;
            const CHECKED: bool = T::CHECKED;

            #[inline]
            unsafe fn stamp(this: *mut Self, stamp: Stamp) {
                // SAFETY: the caller's promise.
                unsafe { T::stamp(this.cast(), stamp) }
            }

            #[inline]
            unsafe fn copy_plain(to: *mut Self, from: *const Self) {
                // SAFETY: the caller's promise.
                unsafe { T::copy_plain(to.cast(), from.cast()) }
            }

            #[inline]
            unsafe fn collect_dirty<const NESTED: bool>(
                written: *const Self,
                source: *const Self,
                stamp: Stamp,
                touched: &mut DirtyRanges,
            ) {
                // SAFETY: the caller's promise.
                unsafe { T::collect_dirty::<NESTED>(written.cast(), source.cast(), stamp, touched) }
            }

            #[inline]
            unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
                // SAFETY: the caller's promise.
                unsafe { T::validate(this.cast()) }
            }
        }
    )*};
}

transparent!(Wrapping, Saturating);
