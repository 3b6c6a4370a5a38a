//! [`Len`]: a number in shared memory that is never trusted.

use crate::layout::{Layout, SharedLayout, ValidityError};

/// A length of at most `N`, or an index below `N`. It lies in shared memory, where another process may overwrite it at any time: so
/// it clamps itself wherever it is read, and a method reads it once.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Len<const N: usize>(u32);

impl<const N: usize> Len<N> {
    pub(super) const ZERO: Self = Len(0);

    /// The number itself.
    #[inline]
    pub(super) const fn new(number: usize) -> Self {
        debug_assert!(number <= N);
        Len(number as u32)
    }

    /// What lies in a word.
    #[inline]
    pub(super) const fn of_word(word: u32) -> Self {
        Len(word)
    }

    /// As a length: at most `N`.
    #[inline]
    pub(super) const fn get(self) -> usize {
        let len = self.0 as usize;
        if len < N { len } else { N }
    }

    /// As an index of `len` items, of which there may be none: the first one if it is no other.
    #[inline]
    pub(super) const fn index(self, len: usize) -> usize {
        let index = self.0 as usize;
        if index < len { index } else { 0 }
    }

    /// What lies there, to be checked.
    #[inline]
    pub(super) const fn unchecked(self) -> usize {
        self.0 as usize
    }

    /// Whether it is the length of a `container`.
    pub(super) fn check(self, container: &str) -> Result<(), ValidityError> {
        match self.unchecked() {
            len if len > N => Err(ValidityError::new(format!("a length of {len} in a {container} of capacity {N}"))),
            _ => Ok(()),
        }
    }
}

// SAFETY: a plain number; every one is a value.
unsafe impl<const N: usize> SharedLayout for Len<N> {
    const LAYOUT: &'static Layout = u32::LAYOUT;
    const TRACKED: bool = false;
    const CHECKED: bool = false;
    const DEFAULT_IS_ZERO: bool = true;
}
