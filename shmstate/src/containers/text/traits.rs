//! What a text has in common with a `str`: a text behaves as the `str` in it, whatever its capacity.

use super::Text;
use crate::containers::CapacityError;
use crate::containers::compare::compare;
use std::borrow::{Borrow, Cow};
use std::ffi::OsStr;
use std::fmt;
use std::ops::Deref;
use std::path::Path;
use std::str::FromStr;

impl<const N: usize> Deref for Text<N> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> AsRef<str> for Text<N> {
    fn as_ref(&self) -> &str {
        self
    }
}

impl<const N: usize> AsRef<[u8]> for Text<N> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl<const N: usize> AsRef<OsStr> for Text<N> {
    fn as_ref(&self) -> &OsStr {
        self.as_str().as_ref()
    }
}

/// So that a function that takes a path accepts a text.
///
/// ```
/// let path = shmstate::Text::<16>::try_from("/proc/self/stat")?;
/// assert!(std::fs::read(&path).is_ok());
/// # Ok::<_, shmstate::CapacityError>(())
/// ```
impl<const N: usize> AsRef<Path> for Text<N> {
    fn as_ref(&self) -> &Path {
        self.as_str().as_ref()
    }
}

/// Equality, order and hash of a text are those of the `str`.
impl<const N: usize> Borrow<str> for Text<N> {
    fn borrow(&self) -> &str {
        self
    }
}

/// Fails if the string is longer than `N` bytes.
impl<const N: usize> TryFrom<&str> for Text<N> {
    type Error = CapacityError;

    fn try_from(text: &str) -> Result<Self, CapacityError> {
        let mut new = Self::new();
        new.set(text)?;
        Ok(new)
    }
}

/// Fails if the string is longer than `N` bytes.
///
/// ```
/// let name: shmstate::Text<4> = "Zoë".parse()?;
/// assert_eq!(name, "Zoë");
/// assert!("Chloë".parse::<shmstate::Text<4>>().is_err());
/// # Ok::<_, shmstate::CapacityError>(())
/// ```
impl<const N: usize> FromStr for Text<N> {
    type Err = CapacityError;

    fn from_str(text: &str) -> Result<Self, CapacityError> {
        Self::try_from(text)
    }
}

/// Each piece is appended as a whole, or not at all; a `write!` may consist of several pieces.
///
/// ```
/// use std::fmt::Write;
///
/// let mut text = shmstate::Text::<8>::new();
/// let (minutes, seconds) = (12, 345);
/// write!(text, "{minutes}:")?;
/// assert!(write!(text, "{minutes}:{seconds}").is_err());
/// assert_eq!(text, "12:12:");
/// # Ok::<_, std::fmt::Error>(())
/// ```
impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text).map_err(|_| fmt::Error)
    }
}

/// `Extend` and `FromIterator` for pieces of text.
macro_rules! pieces {
    ($([$($lifetime:lifetime)?] $piece:ty, $push:ident;)*) => {$(
        /// # Panics
        /// If there is no room for a piece; those before it have been appended. `push` and `push_str` return an error instead.
        impl<$($lifetime,)? const N: usize> Extend<$piece> for Text<N> {
            #[track_caller]
            fn extend<I: IntoIterator<Item = $piece>>(&mut self, pieces: I) {
                for piece in pieces {
                    if let Err(full) = self.$push(piece) {
                        panic!("{full}: `{}` returns an error instead", stringify!($push));
                    }
                }
            }
        }

        /// # Panics
        /// If there is no room. `push` and `push_str` return an error instead.
        impl<$($lifetime,)? const N: usize> FromIterator<$piece> for Text<N> {
            #[track_caller]
            fn from_iter<I: IntoIterator<Item = $piece>>(pieces: I) -> Self {
                let mut text = Self::new();
                text.extend(pieces);
                text
            }
        }
    )*};
}

pieces! {
    [] char, push;
    ['a] &'a str, push_str;
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

compare! {
    [const N: usize] Text<N>, of [], [const M: usize] Text<M>, [const M: usize] Text<M> where [], |text| text.as_str()
}

compare! {
    std [const N: usize] Text<N>, [] [], as_str;
    [] str;
    [] &str;
    [] String;
    [] Cow<'_, str>;
}
