//! What a blob has in common with a slice of bytes: it behaves as that, whatever its capacity; and `io::Write`.

use super::Blob;
use crate::containers::CapacityError;
use std::borrow::{Borrow, BorrowMut};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::ops::{Deref, DerefMut};

impl<const N: usize> Default for Blob<N> {
    /// An empty blob, as [`Blob::new`].
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Blob<N> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<const N: usize> DerefMut for Blob<N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.as_mut_slice()
    }
}

impl<const N: usize> AsRef<[u8]> for Blob<N> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl<const N: usize> AsMut<[u8]> for Blob<N> {
    fn as_mut(&mut self) -> &mut [u8] {
        self
    }
}

/// Equality, order and hash of a blob are those of the slice.
impl<const N: usize> Borrow<[u8]> for Blob<N> {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl<const N: usize> BorrowMut<[u8]> for Blob<N> {
    fn borrow_mut(&mut self) -> &mut [u8] {
        self
    }
}

/// Writes what there is room for; nothing when it is full.
///
/// ```
/// use std::io::{ErrorKind, Write};
///
/// let mut blob = shmstate::Blob::<4>::new();
/// assert_eq!(blob.write(b"abcdef")?, 4);
/// assert_eq!(blob.write_all(b"g").unwrap_err().kind(), ErrorKind::WriteZero);
/// # Ok::<_, std::io::Error>(())
/// ```
impl<const N: usize> io::Write for Blob<N> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = &bytes[..bytes.len().min(self.remaining())];
        self.extend_from_slice(fitting).map_err(io::Error::other)?;
        Ok(fitting.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Fails if the slice is longer than `N` bytes.
impl<const N: usize> TryFrom<&[u8]> for Blob<N> {
    type Error = CapacityError;

    fn try_from(bytes: &[u8]) -> Result<Self, CapacityError> {
        let mut blob = Self::new();
        blob.set(bytes)?;
        Ok(blob)
    }
}

/// That the array fits is proved while the program compiles:
///
/// ```
/// assert_eq!(shmstate::Blob::<4>::from([1, 2]), [1, 2]);
/// ```
/// ```compile_fail
/// let blob = shmstate::Blob::<1>::from([1, 2]);
/// ```
impl<const N: usize, const M: usize> From<[u8; M]> for Blob<N> {
    fn from(bytes: [u8; M]) -> Self {
        Self::fits::<M>();
        Self::from_bytes(&bytes)
    }
}

/// # Panics
/// If the bytes are more than `N`: [`Blob::try_extend`] returns an error then.
impl<const N: usize> FromIterator<u8> for Blob<N> {
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Self {
        let mut blob = Self::new();
        blob.extend(bytes);
        blob
    }
}

/// # Panics
/// If there is no room for a byte, with those before it appended: [`Blob::try_extend`] returns an error then.
impl<const N: usize> Extend<u8> for Blob<N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
        if let Err(full) = self.try_extend(bytes) {
            panic!("{full}: `try_extend` returns an error instead");
        }
    }
}

/// # Panics
/// If there is no room for a byte, with those before it appended: [`Blob::try_extend`] returns an error then.
impl<'a, const N: usize> Extend<&'a u8> for Blob<N> {
    #[track_caller]
    fn extend<I: IntoIterator<Item = &'a u8>>(&mut self, bytes: I) {
        self.extend(bytes.into_iter().copied());
    }
}

impl<'a, const N: usize> IntoIterator for &'a Blob<N> {
    type Item = &'a u8;
    type IntoIter = std::slice::Iter<'a, u8>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, const N: usize> IntoIterator for &'a mut Blob<N> {
    type Item = &'a mut u8;
    type IntoIter = std::slice::IterMut<'a, u8>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<const N: usize> fmt::Debug for Blob<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<const N: usize, const M: usize> PartialEq<Blob<M>> for Blob<N> {
    fn eq(&self, other: &Blob<M>) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// Equality with what is no blob, both ways.
macro_rules! eq {
    ($([$($param:tt)*] $other:ty;)*) => {$(
        impl<const N: usize, $($param)*> PartialEq<$other> for Blob<N> {
            fn eq(&self, other: &$other) -> bool {
                self.as_slice() == &other[..]
            }
        }

        impl<const N: usize, $($param)*> PartialEq<Blob<N>> for $other {
            fn eq(&self, other: &Blob<N>) -> bool {
                &self[..] == other.as_slice()
            }
        }
    )*};
}

eq! {
    [] [u8];
    [] &[u8];
    [] &mut [u8];
    [] Vec<u8>;
    [const M: usize] [u8; M];
    [const M: usize] &[u8; M];
}

impl<const N: usize> Eq for Blob<N> {}

impl<const N: usize, const M: usize> PartialOrd<Blob<M>> for Blob<N> {
    fn partial_cmp(&self, other: &Blob<M>) -> Option<Ordering> {
        Some(self.as_slice().cmp(other.as_slice()))
    }
}

impl<const N: usize> Ord for Blob<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl<const N: usize> Hash for Blob<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}
