//! [`Key`]: what a slab returns for a value.

use crate::layout::{Field, Kind, Layout, SharedLayout};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

/// The key of a value in a [`Slab`](crate::Slab): 8 bytes that can be copied, kept in the state, and sent elsewhere.
///
/// A key belongs to one value: once the value is removed, the key leads nowhere, even if another value lies in the same
/// place. All zeroes are [`Key::NULL`], which leads nowhere in any slab. A key knows the type of the value, but not the
/// slab: in another slab of the same type it may lead to some other value.
///
/// ```
/// use shmstate::{Key, SharedLayout, Slab};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Node { weight: u64, next: Key<Node> }
///
/// let mut nodes = Slab::<Node, 10>::new();
/// let last = nodes.insert(Node { weight: 1, next: Key::NULL })?;
/// let first = nodes.insert(Node { weight: 2, next: last })?;
/// assert_eq!(nodes[nodes[first].next].weight, 1);
/// # Ok::<_, shmstate::CapacityError<Node>>(())
/// ```
///
/// # Layout
/// The place in a `u32`, then the generation of that place in another one, odd in every key that a slab has returned.
#[repr(C)]
pub struct Key<T> {
    place: u32,
    generation: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// The key that leads nowhere.
    ///
    /// ```
    /// let slab = shmstate::Slab::<u64, 4>::new();
    /// assert_eq!(slab.get(shmstate::Key::NULL), None);
    /// ```
    pub const NULL: Self = Self::new(0, 0);

    #[inline]
    pub(super) const fn new(place: u32, generation: u32) -> Self {
        Key { place, generation, of: PhantomData }
    }

    #[inline]
    pub(super) const fn index(self) -> usize {
        self.place as usize
    }

    #[inline]
    pub(super) const fn generation(self) -> u32 {
        self.generation
    }

    /// Whether it is [`Key::NULL`].
    ///
    /// ```
    /// assert!(shmstate::Key::<u64>::default().is_null());
    /// ```
    #[inline]
    #[must_use]
    pub const fn is_null(self) -> bool {
        self.to_bits() == 0
    }

    /// The key as a number, for use where only a number is accepted.
    ///
    /// ```
    /// let mut slab = shmstate::Slab::<u64, 4>::new();
    /// let key = slab.insert(7)?;
    /// assert_eq!(slab[shmstate::Key::from_bits(key.to_bits())], 7);
    /// # Ok::<_, shmstate::CapacityError<u64>>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.generation as u64) << 32 | self.place as u64
    }

    /// The key of that number. Any number is allowed; one that is no key leads nowhere.
    ///
    /// ```
    /// assert!(shmstate::Key::<u64>::from_bits(0).is_null());
    /// ```
    #[inline]
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self::new(bits as u32, (bits >> 32) as u32)
    }
}

// SAFETY: two numbers without padding; every byte pattern is a value.
unsafe impl<T: 'static> SharedLayout for Key<T> {
    const LAYOUT: &'static Layout = &Layout::of::<Self>(
        "Key",
        Kind::Struct(
            const {
                &[
                    Field {
                        name: "place",
                        offset: std::mem::offset_of!(Self, place),
                        layout: u32::LAYOUT,
                        docs: "",
                        renamed_from: &[],
                        local: false,
                    },
                    Field {
                        name: "generation",
                        offset: std::mem::offset_of!(Self, generation),
                        layout: u32::LAYOUT,
                        docs: "",
                        renamed_from: &[],
                        local: false,
                    },
                ]
            },
        ),
    );
    const TRACKED: bool = false;
    const CHECKED: bool = false;
    const DEFAULT_IS_ZERO: bool = true;
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T> Default for Key<T> {
    /// [`Key::NULL`].
    fn default() -> Self {
        Self::NULL
    }
}

/// As [`Display`](fmt::Display) writes it.
impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The place and, after a `v`, its generation.
///
/// ```
/// let mut slab = shmstate::Slab::<u64, 4>::new();
/// let key = slab.insert(7)?;
/// assert_eq!(key.to_string(), "0v1");
/// assert_eq!("0v1".parse(), Ok(key));
/// # Ok::<_, shmstate::CapacityError<u64>>(())
/// ```
impl<T> fmt::Display for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}v{}", self.place, self.generation))
    }
}

/// A text that is no [`Key`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a key: two numbers below 2^32 with a `v` between them, like `3v1`")]
pub struct ParseKeyError(());

/// Parses what [`Display`](fmt::Display) writes.
///
/// ```
/// use shmstate::Key;
///
/// assert_eq!("3v1".parse::<Key<u64>>()?.to_bits(), 1 << 32 | 3);
/// assert!("3".parse::<Key<u64>>().is_err());
/// # Ok::<_, shmstate::slab::ParseKeyError>(())
/// ```
impl<T> FromStr for Key<T> {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        let number = |digits: &str| {
            // `parse` would accept a number with a sign.
            let digits = Some(digits).filter(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
            digits.and_then(|digits| digits.parse().ok())
        };
        let numbers = text.split_once('v').and_then(|(place, generation)| number(place).zip(number(generation)));
        numbers.map(|(place, generation)| Self::new(place, generation)).ok_or(ParseKeyError(()))
    }
}

impl<T> PartialEq for Key<T> {
    fn eq(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl<T> Eq for Key<T> {}

impl<T> PartialOrd for Key<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By place, then by generation.
impl<T> Ord for Key<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.place, self.generation).cmp(&(other.place, other.generation))
    }
}

impl<T> Hash for Key<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_bits().hash(state);
    }
}
