//! What a blob has in common with a slice of bytes: it behaves as that, whatever its capacity.

use super::Blob;
use crate::containers::CapacityError;
use crate::containers::collect::collect;
use crate::containers::compare::{compare, iterate};
use std::borrow::{Borrow, BorrowMut};
use std::ops::{Deref, DerefMut};

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

/// Fails if the slice is longer than `N` bytes.
impl<const N: usize> TryFrom<&[u8]> for Blob<N> {
    type Error = CapacityError;

    fn try_from(bytes: &[u8]) -> Result<Self, CapacityError> {
        let mut blob = Self::new();
        blob.set(bytes)?;
        Ok(blob)
    }
}

compare! {
    [const N: usize] Blob<N>, of [], [const M: usize] Blob<M>, [const M: usize] Blob<M> where [], |blob| blob.as_slice()
}

compare! {
    std [const N: usize] Blob<N>, [] [], as_slice;
    [] [u8];
    [] &[u8];
    [] &mut [u8];
    [] Vec<u8>;
    [const M: usize] [u8; M];
    [const M: usize] &[u8; M];
}

collect! {
    (u8) [const N: usize] Blob<N> of u8,
    "bytes" ("byte"), |blob, byte| blob.push(byte), "Blob::<2>", "[1, 2, 3]", "3"
}

iterate! { [const N: usize] Blob<N>, std::slice::Iter<'a, u8> = &'a u8, std::slice::IterMut<'a, u8> = &'a mut u8 }
