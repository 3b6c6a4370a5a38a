//! Numbers, `bool`, `char`, and plain arrays.

use super::{Kind, Layout, Scalar, SharedLayout, Touched, ValidityError, array_fits};
use crate::track::{DirtyRanges, Stamp};

macro_rules! any_bytes {
    ($($ty:ty = $scalar:ident),* $(,)?) => {$(
        // SAFETY: a number of fixed width: every byte pattern is a value, without padding or drop glue.
        unsafe impl SharedLayout for $ty {
            const LAYOUT: &'static Layout = &Layout::of::<$ty>(Scalar::$scalar.name(), Kind::Scalar(Scalar::$scalar));
            const TRACKED: bool = false;
            const CHECKED: bool = false;
            const DEFAULT_IS_ZERO: bool = true;
        }
        const _: () = assert!(size_of::<$ty>() == Scalar::$scalar.size());
    )*};
}

any_bytes!(
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
    f32 = F32,
    f64 = F64,
);

// SAFETY: one byte, zero is `false`; `validate` refuses all but 0 and 1.
unsafe impl SharedLayout for bool {
    const LAYOUT: &'static Layout = &Layout::of::<bool>("bool", Kind::Scalar(Scalar::Bool));
    const TRACKED: bool = false;
    const CHECKED: bool = true;
    const DEFAULT_IS_ZERO: bool = true;

    #[inline]
    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise: one initialised byte.
        match unsafe { this.cast::<u8>().read() } {
            0 | 1 => Ok(()),
            other => Err(ValidityError::new(format!("{other} is no bool (0 or 1)"))),
        }
    }
}

// SAFETY: four bytes, zero is `'\0'`; `validate` refuses what is no Unicode scalar value.
unsafe impl SharedLayout for char {
    const LAYOUT: &'static Layout = &Layout::of::<char>("char", Kind::Scalar(Scalar::Char));
    const TRACKED: bool = false;
    const CHECKED: bool = true;
    const DEFAULT_IS_ZERO: bool = true;

    #[inline]
    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise: four initialised, aligned bytes.
        let code = unsafe { this.cast::<u32>().read() };
        match char::from_u32(code) {
            Some(_) => Ok(()),
            None => Err(ValidityError::new(format!("{code:#x} is no char"))),
        }
    }
}

// SAFETY: `N` values next to each other; each walk visits each of them.
unsafe impl<T: SharedLayout, const N: usize> SharedLayout for [T; N] {
    const LAYOUT: &'static Layout = {
        array_fits::<T, N>();
        &Layout::of::<Self>("array", Kind::Array { item: T::LAYOUT, len: N })
    };
    const TRACKED: bool = T::TRACKED;
    const CHECKED: bool = T::CHECKED;
    const HAS_INIT: bool = T::HAS_INIT;
    const DEFAULT_IS_ZERO: bool = T::DEFAULT_IS_ZERO;

    #[inline]
    fn initialize(this: &mut Self) {
        if T::HAS_INIT {
            this.iter_mut().for_each(T::initialize);
        }
    }

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        if T::TRACKED {
            for i in 0..N {
                // SAFETY: item `i` of the array, under the caller's promise for the whole.
                unsafe { T::stamp(this.cast::<T>().wrapping_add(i), stamp.at(i * size_of::<T>())) }
            }
        }
    }

    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        if T::TRACKED {
            for i in 0..N {
                // SAFETY: item `i` of both arrays, under the caller's promise for the whole.
                unsafe { T::copy_plain(to.cast::<T>().wrapping_add(i), from.cast::<T>().wrapping_add(i)) }
            }
        } else {
            // SAFETY: the caller's promise; a value without containers is its bytes.
            unsafe { std::ptr::copy_nonoverlapping(from, to, 1) }
        }
    }

    #[inline]
    unsafe fn collect_dirty<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut DirtyRanges,
    ) {
        if T::TRACKED {
            for i in 0..N {
                let stamp = stamp.at(i * size_of::<T>());
                // SAFETY: item `i` of both arrays, under the caller's promise for the whole.
                unsafe {
                    T::collect_dirty::<NESTED>(
                        written.cast::<T>().wrapping_add(i),
                        source.cast::<T>().wrapping_add(i),
                        stamp,
                        touched,
                    )
                }
            }
        } else if NESTED {
            touched.add(stamp.offset(), size_of::<Self>());
        }
    }

    #[inline]
    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        if T::CHECKED {
            for i in 0..N {
                // SAFETY: item `i` of the array, under the caller's promise for the whole.
                unsafe { T::validate(this.cast::<T>().wrapping_add(i)) }.map_err(|e| e.in_item(i))?;
            }
        }
        Ok(())
    }

    unsafe fn validate_touched(this: *const Self, touched: &Touched<'_>) -> Result<(), ValidityError> {
        if T::CHECKED {
            for i in touched.items(this.cast::<T>(), N) {
                // SAFETY: item `i` of the array, under the caller's promise for the whole.
                unsafe { T::validate_touched(this.cast::<T>().wrapping_add(i), touched) }.map_err(|e| e.in_item(i))?;
            }
        }
        Ok(())
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;

    /// Whether `bytes`, suitably aligned, are a `T`.
    fn valid<T: SharedLayout>(bytes: &[u8]) -> Result<(), String> {
        let mut value = std::mem::MaybeUninit::<T>::zeroed();
        assert_eq!(bytes.len(), size_of::<T>());
        // SAFETY: the destination is as large as the source; then all bytes of `value` are initialised.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), value.as_mut_ptr().cast(), bytes.len()) }
        // SAFETY: aligned, initialised, private.
        unsafe { T::validate(value.as_ptr()) }.map_err(|e| e.to_string())
    }

    #[test]
    fn bools_and_chars_are_checked() {
        assert_eq!(valid::<bool>(&[1]), Ok(()));
        assert_eq!(valid::<bool>(&[2]).unwrap_err(), "2 is no bool (0 or 1)");
        assert_eq!(valid::<char>(&0x1f980u32.to_ne_bytes()), Ok(()));
        assert_eq!(valid::<char>(&0xd800u32.to_ne_bytes()).unwrap_err(), "0xd800 is no char");
        assert_eq!(valid::<[[bool; 2]; 2]>(&[0, 1, 9, 1]).unwrap_err(), "`[1][0]`: 9 is no bool (0 or 1)");
        assert_eq!(valid::<u64>(&[255; 8]), Ok(()));
    }
}
