//! [`Blob`]: a few bytes.
//!
//! This file: the type and its methods; `traits`: what it has in common with a slice.

mod traits;

use super::CapacityError;
use super::capacity::capacity;
use super::derived::derived;
use super::len::Len;
use crate::layout::ValidityError;
use std::ops::Range;

/// A `Vec<u8>` that cannot grow past `N` bytes, for what is small: digests, keys, addresses, encoded messages.
///
/// Its methods have the names and the meaning that they have on `Vec`; those that could grow it return a [`CapacityError`] if there
/// is no room, and then change nothing. It derefs to `[u8]`, also for writing, and implements [`io::Write`](std::io::Write).
///
/// ```
/// use shmstate::Blob;
/// use std::io::Write;
///
/// let mut blob = Blob::<16>::from(*b"GET ");
/// write!(blob, "/{}", 42)?;
/// assert_eq!(blob, b"GET /42");
/// blob[..3].make_ascii_lowercase(); // everything that `&mut [u8]` can do
/// assert_eq!(blob.extend_from_slice(&[0; 10]).unwrap_err().needed(), 17);
/// assert_eq!(blob, b"get /42");
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// # Cost
/// It is a plain value, like [`Text`](crate::Text): an update copies its `8 + N` bytes wherever it copies the item or the fields
/// around it, whether it was changed or not, and its methods mark nothing. Up to about a kilobyte, that costs less than marks
/// would. For more bytes there is [`List<u8, N>`](crate::List), which copies what is touched, and which implements `io::Write` as
/// well.
///
/// # Beside `Vec<u8>`
/// | `Vec<u8>` | here |
/// |---|---|
/// | `len`, `is_empty`, `iter`, `sort`, … | the same: those of the slice |
/// | `new`, `capacity`, `as_slice`, `as_mut_slice`, `pop`, `truncate`, `clear`, `remove`, `swap_remove`, `retain` | the same |
/// | `push`, `insert`, `extend_from_slice`, `resize` | the same, and an error when there is no room |
/// | `try_from` a `Vec`, `Vec::from` a blob | the same |
/// | `extend`, `collect` | the same, and a panic when there is no room; [`try_extend`](Blob::try_extend) returns an error |
/// | `drain`, `splice`, `extract_if`, `split_off`, `append`, `dedup*`, `into_iter` by value | not there: on the slice, with `extend_from_slice` and `truncate` |
/// | `retain_mut`, `resize_with`, `extend_from_within`, `pop_if`, `into_flattened` | not there: made of the others |
/// | `reserve*`, `try_reserve*`, `shrink_*`, `with_capacity`, `into_boxed_slice`, `leak` | not there: the capacity is fixed, and nothing lies on the heap |
/// | `as_ptr`, `as_mut_ptr` | those of the slice |
/// | `set_len`, `spare_capacity_mut`, `from_raw_parts` | not there: every byte that is shared has a value |
/// | `io::Write`, which never fails | writes what there is room for, then nothing: `write_all` fails with `WriteZero` |
///
/// # Layout
/// The length in a `u32`, 4 reserved bytes, then `N` bytes of which the first ones count; `8 + N` bytes, rounded up to a
/// multiple of 8.
///
/// # Capacity
/// It is from 1 to `u32::MAX`; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Blob::<0>::new();
/// ```
#[repr(C, align(8))]
#[derive(Clone)]
pub struct Blob<const N: usize> {
    len: Len<N>,
    reserved: u32,
    bytes: [u8; N],
}

derived! {
    [const N: usize] Blob<N> { len: Len<N>, reserved: u32, bytes: [u8; N], }
    check: |blob: &Self| blob.check("blob"),
}

impl<const N: usize> Blob<N> {
    /// What every blob type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        assert!(N > 0, "a Blob of capacity 0 holds nothing: give it a capacity of 1 or more");
        assert!(N <= u32::MAX as usize, "a Blob holds at most u32::MAX bytes: give it a smaller capacity");
    };

    /// An empty blob.
    ///
    /// ```
    /// assert!(shmstate::Blob::<8>::new().is_empty());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        let () = Self::PROVED;
        Blob { len: Len::ZERO, reserved: 0, bytes: [0; N] }
    }

    /// The bytes.
    ///
    /// ```
    /// assert_eq!(shmstate::Blob::<8>::from([1, 2]).as_slice(), &[1, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.used()]
    }

    /// The bytes, to be changed.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<8>::from([1, 2]);
    /// blob.as_mut_slice()[0] = 7;
    /// assert_eq!(blob, [7, 2]);
    /// ```
    #[inline]
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        let used = self.used();
        &mut self.bytes[..used]
    }

    /// Replaces the content by `bytes`, all or nothing.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<2>::from([1]);
    /// blob.set(&[7, 8])?;
    /// assert!(blob.set(&[7, 8, 9]).is_err());
    /// assert_eq!(blob, [7, 8]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If they are more than `N`; the content is then as it was.
    pub fn set(&mut self, bytes: &[u8]) -> Result<(), CapacityError> {
        self.write_from(0, bytes)
    }

    /// Appends a byte.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<1>::new();
    /// blob.push(1)?;
    /// assert_eq!(blob.push(2).unwrap_err().into_inner(), 2);
    /// # Ok::<_, shmstate::CapacityError<u8>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the byte back when the blob is full.
    #[inline]
    pub fn push(&mut self, byte: u8) -> Result<(), CapacityError<u8>> {
        self.write_from(self.used(), &[byte]).map_err(|full| full.with_value(byte))
    }

    /// Removes the last byte and returns it.
    ///
    /// ```
    /// assert_eq!(shmstate::Blob::<8>::from([1, 2]).pop(), Some(2));
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Option<u8> {
        let left = self.used().checked_sub(1)?;
        self.len = Len::new(left);
        Some(self.bytes[left])
    }

    /// Appends `bytes`, all or none.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1]);
    /// blob.extend_from_slice(&[2, 3])?;
    /// assert_eq!(blob.extend_from_slice(&[4, 5]).unwrap_err().needed(), 5);
    /// assert_eq!(blob, [1, 2, 3]);
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there is not room for all of them; the content is then as it was.
    #[inline]
    pub fn extend_from_slice(&mut self, bytes: &[u8]) -> Result<(), CapacityError> {
        self.write_from(self.used(), bytes)
    }

    /// Inserts `byte` before the one at `index`, or at the end.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1, 3]);
    /// blob.insert(1, 2)?;
    /// assert_eq!(blob, [1, 2, 3]);
    /// # Ok::<_, shmstate::CapacityError<u8>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the byte back when the blob is full.
    ///
    /// # Panics
    /// If `index` is larger than the length, whether or not the blob is full.
    #[track_caller]
    pub fn insert(&mut self, index: usize, byte: u8) -> Result<(), CapacityError<u8>> {
        let len = self.used();
        assert!(index <= len, "insertion index (is {index}) should be <= len (is {len})");
        self.insert_slice(index, &[byte]).map_err(|full| full.with_value(byte))
    }

    /// Removes the byte at `index` and returns it.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1, 2, 3]);
    /// assert_eq!(blob.remove(0), 1);
    /// assert_eq!(blob, [2, 3]);
    /// ```
    ///
    /// # Panics
    /// If there is no such byte.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> u8 {
        let len = self.used();
        assert!(index < len, "removal index (is {index}) should be < len (is {len})");
        let removed = self.bytes[index];
        self.cut(index..index + 1);
        removed
    }

    /// Removes the byte at `index`, puts the last one in its place, and returns the removed one.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1, 2, 3]);
    /// assert_eq!(blob.swap_remove(0), 1);
    /// assert_eq!(blob, [3, 2]);
    /// ```
    ///
    /// # Panics
    /// If there is no such byte.
    #[track_caller]
    pub fn swap_remove(&mut self, index: usize) -> u8 {
        let len = self.used();
        assert!(index < len, "swap_remove index (is {index}) should be < len (is {len})");
        self.bytes.swap(index, len - 1);
        self.len = Len::new(len - 1);
        self.bytes[len - 1]
    }

    /// Keeps the bytes for which `keep` returns true, in their order.
    ///
    /// If `keep` panics, nothing has changed but the order of bytes that it has seen.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1, 2, 3, 4]);
    /// blob.retain(|byte| byte % 2 == 0);
    /// assert_eq!(blob, [2, 4]);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&u8) -> bool) {
        let bytes = self.as_mut_slice();
        let mut kept = 0;
        for index in 0..bytes.len() {
            if keep(&bytes[index]) {
                bytes.swap(kept, index);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Makes the blob `len` bytes long: the last ones go, or as many times `byte` is appended.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1]);
    /// blob.resize(3, 0)?;
    /// assert_eq!(blob, [1, 0, 0]);
    /// # Ok::<_, shmstate::CapacityError<u8>>(())
    /// ```
    ///
    /// # Errors
    /// Gives the byte back if `len` is larger than `N`; the content is then as it was.
    pub fn resize(&mut self, len: usize, byte: u8) -> Result<(), CapacityError<u8>> {
        if len > N {
            return Err(CapacityError::new(byte, "blob", N, len));
        }
        let used = self.used();
        self.bytes[used.min(len)..len].fill(byte);
        self.len = Len::new(len);
        Ok(())
    }

    /// Keeps the first `len` bytes; does nothing if there are not more.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1, 2, 3]);
    /// blob.truncate(1);
    /// assert_eq!(blob, [1]);
    /// ```
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.len = Len::new(self.used().min(len));
    }

    /// Removes everything.
    ///
    /// ```
    /// let mut blob = shmstate::Blob::<4>::from([1, 2, 3]);
    /// blob.clear();
    /// assert!(blob.is_empty());
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.len = Len::ZERO;
    }

    /// Puts `bytes` at `start`, which is at most the length, and ends there.
    #[inline]
    pub(super) fn write_from(&mut self, start: usize, bytes: &[u8]) -> Result<(), CapacityError> {
        let end = start.saturating_add(bytes.len());
        match self.bytes.get_mut(start..end) {
            Some(to) => to.copy_from_slice(bytes),
            None => return Err(CapacityError::new((), "blob", N, end)),
        }
        self.len = Len::new(end);
        Ok(())
    }

    /// Inserts `bytes` before the one at `index`, which is at most the length.
    pub(super) fn insert_slice(&mut self, index: usize, bytes: &[u8]) -> Result<(), CapacityError> {
        let (used, count) = (self.used(), bytes.len());
        if count > N - used {
            return Err(CapacityError::new((), "blob", N, used.saturating_add(count)));
        }
        self.bytes.copy_within(index..used, index + count);
        self.bytes[index..index + count].copy_from_slice(bytes);
        self.len = Len::new(used + count);
        Ok(())
    }

    /// Removes the bytes in `range`.
    pub(super) fn cut(&mut self, range: Range<usize>) {
        let used = self.used();
        self.bytes.copy_within(range.end..used, range.start);
        self.len = Len::new(used - range.len());
    }

    /// Bytes in use, at most `N` whatever the bytes say.
    #[inline]
    pub(super) const fn used(&self) -> usize {
        self.len.get()
    }

    /// Whether the length is that of a `container`.
    pub(super) fn check(&self, container: &str) -> Result<(), ValidityError> {
        self.len.check(container)
    }

    /// Where the bytes lie.
    pub(super) const OFFSET: usize = std::mem::offset_of!(Self, bytes);

    /// At most `N` bytes.
    pub(super) const fn from_bytes(bytes: &[u8]) -> Self {
        let mut blob = Self::new();
        blob.bytes.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
        blob.len = Len::new(bytes.len());
        blob
    }

    /// Whatever a process may have written.
    #[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
    pub(super) const fn scribbled(len: u32, bytes: [u8; N]) -> Self {
        Blob { len: Len::of_word(len), reserved: 0, bytes }
    }
}

capacity! {
    room [const N: usize] Blob<N>, "bytes", |blob| blob.used(), "let blob = shmstate::Blob::<2>::from([1]);"
}

capacity! { default [const N: usize] Blob<N>, blob }

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use crate::layout::SharedLayout;
    use std::io::Write;

    #[test]
    fn a_scribbled_length_reads_and_writes_nothing_outside() {
        let scribbled = || Blob::scribbled(u32::MAX, [1, 2, 3, 4]);
        let mut blob = scribbled();
        assert_eq!((blob.as_slice(), blob.remaining(), blob.is_full()), (&[1, 2, 3, 4][..], 0, true));
        assert_eq!(blob.push(5).unwrap_err().needed(), 5);
        assert!(blob.extend_from_slice(&[5]).is_err() && blob.insert(1, 5).is_err() && blob.resize(5, 0).is_err());
        assert_eq!(blob.write(&[5]).unwrap(), 0);
        assert_eq!(blob.pop(), Some(4));
        assert_eq!((blob.as_slice(), blob.len.unchecked()), (&[1, 2, 3][..], 3));
        let mut blob = scribbled();
        blob.retain(|byte| byte % 2 == 0);
        assert_eq!(blob, [2, 4]);
        let mut blob = scribbled();
        assert_eq!((blob.remove(0), blob.swap_remove(0)), (1, 2));
        assert_eq!(blob, [4, 3]);
        // SAFETY: initialised, private.
        let refused = unsafe { Blob::validate(&scribbled()) }.unwrap_err();
        assert_eq!(refused.to_string(), "a length of 4294967295 in a blob of capacity 4");
    }
}
