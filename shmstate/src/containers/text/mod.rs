//! [`Text`]: a string of fixed capacity.
//!
//! This file: the type and its place in a state; `edit`: changing it; `traits`: what it has in common with `str`.

mod edit;
mod traits;

use super::Blob;
#[cfg(doc)]
use super::CapacityError;
use super::capacity::capacity;
use crate::layout::{Kind, Layout, SharedLayout, ValidityError};

/// A `String` that cannot grow past `N` bytes.
///
/// Its methods have the names and the meaning that they have on `String`; those that could grow it return a [`CapacityError`],
/// and change nothing then. It can be compared with any type of string, and written to with `write!`.
///
/// ```
/// use shmstate::Text;
/// use std::fmt::Write;
///
/// let mut name = Text::<16>::try_from("pump")?;
/// write!(name, " {}", 7)?;
/// assert_eq!(name, "pump 7");
/// assert!(name.starts_with("pump")); // everything that `&str` can do
/// assert_eq!(name.set("the pump in the cellar").unwrap_err().needed(), 22);
/// assert_eq!(name, "pump 7");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// # Layout
/// The length in a `u32`, 4 reserved bytes, then `N` bytes of which the first ones are the text in UTF-8; `8 + N` bytes,
/// rounded up to a multiple of 8.
///
/// # Cost
/// A text is a plain value: an update copies it as a whole wherever it copies the item or the fields around it, whether
/// it was changed or not. For a large text that seldom changes, use a [`List<u8, N>`](crate::List).
///
/// # Beside `String`
/// | `String` | here |
/// |---|---|
/// | `len`, `is_empty`, `as_bytes`, `chars`, `find`, `split`, `to_owned`, … | the same: those of the `str` |
/// | `new`, `capacity`, `as_str`, `as_mut_str`, `pop`, `remove`, `truncate`, `retain`, `clear` | the same |
/// | `push`, `push_str`, `insert`, `insert_str` | the same, and an error when there is no room, which changes nothing |
/// | `=`, `clone_from` | [`set`](Text::set), which returns an error; `=` of another text with the same `N` |
/// | `write!` | the same, and an error when there is no room |
/// | `From<&str>`, `From<String>` | `TryFrom<&str>`, `TryFrom<String>`, `parse`; [`from_static`](Text::from_static) of a literal |
/// | `String::from` a text | the same |
/// | `from_utf8*`, `from_utf16*` | those of `str` and `String`, then `TryFrom<&str>` |
/// | `extend`, `collect` of `char` and `&str` | the same, and a panic when there is no room |
/// | comparisons, `Hash`, `Debug`, `Display`, `Borrow<str>`, `AsRef` of `str`, `[u8]`, `OsStr`, `Path` | the same; of two texts, the capacities may differ |
/// | `make_ascii_uppercase`, `make_ascii_lowercase`, and what else needs `&mut str` | on [`as_mut_str`](Text::as_mut_str) |
/// | `+`, `+=` | not there: `push_str` returns the error that they cannot |
/// | `drain`, `split_off`, `replace_range`, `extend_from_within` | not there: on the `str`, with `set` and `truncate` |
/// | `into_bytes`, `into_boxed_str`, `leak`, `as_mut_vec` | not there: nothing lies on the heap; `to_owned` gives a `String` |
/// | `reserve*`, `try_reserve*`, `shrink_*`, `with_capacity` | not there: the capacity is fixed |
///
/// # Trust
/// Attaching to a region checks that each text is UTF-8. After that the bytes are trusted, because the peers run the same
/// code: a process that writes something else into the region breaks the promise of `str` in the others. A length that
/// is too large is cut off at `N`, so that nothing outside of the text is read.
///
/// # Capacity
/// It is from 1 to `u32::MAX`; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Text::<0>::new();
/// ```
#[repr(transparent)]
#[derive(Clone)]
pub struct Text<const N: usize> {
    /// Invariant: UTF-8.
    blob: Blob<N>,
}

impl<const N: usize> Text<N> {
    /// What every text type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        assert!(N > 0, "a Text of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a Text holds at most u32::MAX bytes: give it a smaller capacity");
    };

    /// An empty text.
    ///
    /// ```
    /// assert_eq!(shmstate::Text::<8>::new(), "");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::PROVED;
        Text { blob: Blob::new() }
    }

    /// The text of a literal. In a constant or a `const` block, the compiler checks that the literal fits.
    ///
    /// ```
    /// use shmstate::Text;
    ///
    /// const NAME: Text<8> = Text::from_static("pump");
    /// assert_eq!(NAME, "pump");
    /// assert_eq!(const { Text::<8>::from_static("valve") }, "valve");
    /// ```
    /// ```compile_fail
    /// const NAME: shmstate::Text<3> = shmstate::Text::from_static("pump");
    /// ```
    ///
    /// # Panics
    /// If it is longer than `N` bytes: in a constant, that is a compile error.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        let () = Self::PROVED;
        assert!(text.len() <= N, "the literal has more bytes than the Text holds");
        Text { blob: Blob::from_bytes(text.as_bytes()) }
    }

    /// The text.
    ///
    /// ```
    /// let text = shmstate::Text::<8>::try_from("Zoë")?;
    /// assert_eq!(text.as_str(), "Zoë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.blob.as_slice();
        debug_assert!(std::str::from_utf8(bytes).is_ok());
        // SAFETY: the invariant of `blob`.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }

    /// The text as a mutable `str`, whose length cannot change.
    ///
    /// ```
    /// let mut text = shmstate::Text::<8>::try_from("Zoë")?;
    /// text.as_mut_str().make_ascii_uppercase();
    /// assert_eq!(text, "ZOë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_str(&mut self) -> &mut str {
        let bytes = self.blob.as_mut_slice();
        debug_assert!(std::str::from_utf8(bytes).is_ok());
        // SAFETY: the invariant of `blob`; `str` keeps it UTF-8.
        unsafe { std::str::from_utf8_unchecked_mut(bytes) }
    }
}

capacity! {
    room [const N: usize] Text<N>, "bytes", |text| text.blob.used(), "let text = shmstate::Text::<2>::from_static(\"a\");"
}

capacity! { default [const N: usize] Text<N>, text }

// SAFETY: integers only; zeroes are the empty text; `validate` refuses what is no UTF-8. The bytes after the last that
// alignment may add belong to the text and are never looked at.
unsafe impl<const N: usize> SharedLayout for Text<N> {
    const LAYOUT: &'static Layout = {
        let () = Self::PROVED;
        &Layout::of::<Self>("Text", Kind::Text { capacity: N, bytes: Blob::<N>::OFFSET })
    };
    const TRACKED: bool = false;
    const CHECKED: bool = true;
    const DEFAULT_IS_ZERO: bool = true;

    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise: initialised bytes, which are integers.
        let text = unsafe { &*this };
        text.blob.check("text")?;
        std::str::from_utf8(&text.blob).map_err(|e| ValidityError::new(format!("no UTF-8: {e}")))?;
        Ok(())
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn a_scribbled_length_reads_and_writes_nothing_outside() {
        let scribbled = || Text::<4> { blob: Blob::scribbled(u32::MAX, *b"abcd") };
        let mut text = scribbled();
        assert_eq!((text.as_str(), text.remaining(), text.is_full()), ("abcd", 0, true));
        assert_eq!(text.push('e').unwrap_err().needed(), 5);
        assert!(text.push_str("e").is_err() && text.insert_str(1, "e").is_err() && text.write_str("e").is_err());
        assert_eq!(text.pop(), Some('d'));
        assert_eq!((text.as_str(), text.len()), ("abc", 3));
        let mut text = scribbled();
        text.truncate(5);
        assert_eq!(text, "abcd");
        assert_eq!(text.remove(0), 'a');
        assert_eq!((text.as_str(), text.len()), ("bcd", 3));
        let mut text = scribbled();
        text.set("x").unwrap();
        assert_eq!((text.as_str(), text.len()), ("x", 1));
        // SAFETY: initialised, private.
        let refused = unsafe { Text::validate(&scribbled()) }.unwrap_err();
        assert_eq!(refused.to_string(), "a length of 4294967295 in a text of capacity 4");
    }

    #[test]
    fn what_is_no_utf8_is_refused() {
        let cut = Text::<4> { blob: Blob::scribbled(1, *b"\xc3\xab\0\0") };
        // SAFETY: initialised, private.
        let refused = unsafe { Text::validate(&cut) }.unwrap_err();
        assert!(refused.to_string().starts_with("no UTF-8"), "{refused}");
    }
}
