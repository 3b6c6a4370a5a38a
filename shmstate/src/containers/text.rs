//! [`Text`]: a string of fixed capacity.

use super::Full;
use crate::layout::{Invalid, Kind, Layout, SharedLayout};
use std::ops::Deref;

/// UTF-8 of at most `N` bytes.
#[repr(C, align(8))]
#[derive(Clone)]
pub struct Text<const N: usize> {
    /// Clamped to `N` wherever it is used, for a stranger may have written it.
    len: u32,
    reserved: u32,
    /// Invariant: the first `len` bytes are UTF-8.
    bytes: [u8; N],
}

impl<const N: usize> Text<N> {
    /// What every text type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        assert!(N > 0, "a Text of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a Text holds at most u32::MAX bytes");
    };

    /// An empty text.
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::PROVED;
        Text { len: 0, reserved: 0, bytes: [0; N] }
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = &self.bytes[..(self.len as usize).min(N)];
        debug_assert!(std::str::from_utf8(bytes).is_ok());
        // SAFETY: the invariant of `bytes`.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }

    /// Makes `text` the content.
    ///
    /// # Errors
    /// If it is longer than `N` bytes; the content is then as it was.
    pub fn set(&mut self, text: &str) -> Result<(), Full> {
        if text.len() > N {
            return Err(Full::new((), "text", N, text.len()));
        }
        self.bytes[..text.len()].copy_from_slice(text.as_bytes());
        self.len = text.len() as u32;
        Ok(())
    }
}

impl<const N: usize> Deref for Text<N> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> PartialEq<str> for Text<N> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl<const N: usize> PartialEq<&str> for Text<N> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

// SAFETY: integers only; zeroes are the empty text; `validate` refuses what is no UTF-8. The bytes behind the last that
// alignment may add belong to the text and are never looked at.
unsafe impl<const N: usize> SharedLayout for Text<N> {
    const LAYOUT: &'static Layout = &Layout {
        name: "Text",
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        version: 0,
        kind: {
            let () = Self::PROVED;
            Kind::Text { capacity: N, bytes: std::mem::offset_of!(Self, bytes) }
        },
    };
    const TRACKED: bool = false;
    const CHECKED: bool = true;

    unsafe fn validate(this: *const Self) -> Result<(), Invalid> {
        // SAFETY: the caller's promise: initialised bytes, which are integers.
        let text = unsafe { &*this };
        let len = text.len as usize;
        let bytes = text
            .bytes
            .get(..len)
            .ok_or_else(|| Invalid::new(format!("a length of {len} in a text of capacity {N}")))?;
        std::str::from_utf8(bytes).map_err(|e| Invalid::new(format!("no UTF-8: {e}")))?;
        Ok(())
    }
}
