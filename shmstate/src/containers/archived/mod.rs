//! [`Archived`]: a value of any `rkyv` type, in at most so many bytes.
//!
//! * this file: the type, and its place in a state
//! * `content`: writing and checking archives; `form`: how `rkyv` lays them out; `checked`: which of them this thread has checked;
//!   `traits`: what they have in common with other values

mod checked;
mod content;
mod form;
mod traits;

use super::{CapacityError, List};
use crate::layout::{Argument, Field, Kind, Layout, SharedLayout, ValidityError};
use crate::track::{DirtyRanges, Stamp};
use checked::{Checked, keyed_hash};
pub use content::Archivable;
use rkyv::Deserialize;
use rkyv::api::high::HighDeserializer;
use rkyv::rancor::BoxedError;
use std::marker::PhantomData;
use std::mem::offset_of;

/// A value of any type that [`rkyv`](https://docs.rs/rkyv/0.8) can archive, in at most `N` bytes; or none.
///
/// It is for what has no fixed layout: strings, vectors, maps, enums that hold something, nested as you like. The value is written
/// as a whole ([`set`](Self::set)) and read in place ([`get`](Self::get)): `get` returns the archive itself, in which a `String` is
/// an `ArchivedString` that derefs to `str`, a `Vec` derefs to a slice, and a `HashMap` has `get`.
///
/// ```
/// use rkyv::{Archive, Deserialize, Serialize};
/// use shmstate::{Archived, SharedLayout};
/// use std::collections::HashMap;
///
/// #[derive(Archive, Serialize, Deserialize)]
/// struct Config {
///     greeting: String,
///     limits: HashMap<String, u32>,
/// }
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Service {
///     config: Archived<Config, 4096>,
/// }
///
/// let mut service = Service::new_box_zeroed(); // in a state it is the same
/// assert!(service.config.get().is_none());
///
/// let limits = HashMap::from([("upload".into(), 7)]);
/// service.config.set(&Config { greeting: "hello".into(), limits })?;
///
/// let config = service.config.get().unwrap(); // nothing is copied
/// assert_eq!(config.greeting, "hello");
/// assert_eq!(config.limits.get("upload").unwrap(), &7);
/// let owned: Config = service.config.deserialize()?.unwrap();
/// assert_eq!(owned.limits["upload"], 7);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// It needs the cargo feature `archived`. A program depends on `rkyv` itself, or takes it from here:
///
/// ```
/// #[derive(shmstate::rkyv::Archive, shmstate::rkyv::Serialize)]
/// #[rkyv(crate = shmstate::rkyv)]
/// struct Greeting {
///     text: String,
/// }
///
/// let mut greeting = shmstate::Archived::<Greeting, 64>::new();
/// greeting.set(&Greeting { text: "hello".into() })?;
/// assert_eq!(greeting.get().unwrap().text, "hello");
/// # Ok::<_, shmstate::archived::ArchiveError>(())
/// ```
///
/// # Layout
/// A keyed hash of 16 bytes, then a [`List<u8, N>`](List) with the archive: `80 + N` bytes, rounded up to a multiple of 16. It
/// is aligned to 16 bytes, and so is the archive in it, in every copy of a state and wherever else it is moved: an archive
/// points into itself by distances. A struct around it is a multiple of 16 bytes large; the derive says where bytes are
/// missing.
///
/// The region's schema knows the name of the archived type (without the modules that it is in), the size and the alignment
/// of its archive, and how the program's build of `rkyv` lays archives out: its features `big_endian`, `pointer_width_…` and
/// `unaligned`, which any dependency may turn on for the whole program. A program in which one of these differs gets
/// [`LayoutMismatch`](crate::ErrorKind::LayoutMismatch). The schema does not know the fields of the archived type: when they
/// change, give the struct around it another `#[shared(version = …)]`.
///
/// # Cost
/// An update that does not `set` it copies 20 bytes of it, however large it is. An update that does copies the new archive, once
/// into each copy. `set` archives twice, the first time to see how much room it takes, and checks what it has written; it needs
/// heap memory only for what `rkyv` itself allocates while it archives.
///
/// The first `get` of a value in a place checks the archive, which takes as long as reading it through. Further calls of `get`, by
/// the same thread, cost a comparison. (Each thread knows the last 128 values, fewer if two of them fall on one place; with K
/// copies, a value has K places.)
///
/// # Trust
/// Bytes become an `A::Archived` only after they were checked, in full, by this thread, in this place: that each part is valid
/// and lies inside of the archive. Attaching to a region checks it as well, and so does `snapshot`, in private memory. So a
/// damaged file, or a process outside the protocol that writes other bytes, makes `get` return `None` and
/// [`try_get`](Self::try_get) say why.
///
/// A thread knows an archive that it has checked by its type, address and length, and by a hash that `set` takes of it under a key
/// that is drawn in each process and never leaves it. No program can make a second archive of the same hash, whatever values it
/// sets. One thing goes unnoticed: a process outside the protocol may change bytes that were checked and leave their length and
/// hash as they are. As with every `&T`, processes that may write are trusted not to.
///
/// # Capacity
/// It is at least the size of the archived type and less than 2 GiB, the archived type is aligned to 16 bytes at most and
/// not of size 0; anything else does not compile:
///
/// ```compile_fail
/// let nothing = shmstate::Archived::<String, 0>::new();
/// ```
/// ```compile_fail
/// let too_large = <shmstate::Archived<String, { 1 << 31 }> as shmstate::SharedLayout>::LAYOUT;
/// ```
/// ```compile_fail
/// let no_archive = shmstate::Archived::<std::time::Instant, 64>::new();
/// ```
#[repr(C, align(16))]
pub struct Archived<A, const N: usize> {
    /// Of the archive, under a key of the process that has set it; tells one value from another. 0 without a value.
    keyed_hash: u128,
    /// The archive, or nothing.
    bytes: List<u8, N>,
    of: PhantomData<fn() -> A>,
}

/// Why a value is not kept: [`Archived::set`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The archive is too long.
    #[error(transparent)]
    Full(#[from] CapacityError),
    /// The value cannot be archived or taken out again: an implementation of its own says so, or what its type asks of an
    /// archive (`bytecheck`) is not fulfilled.
    #[error("the value cannot be archived: {0}")]
    Refused(#[source] BoxedError),
}

impl<A: Archivable, const N: usize> Archived<A, N> {
    /// What every such type has to fulfil; evaluated while the program compiles.
    const PROVED: () = {
        let root = size_of::<A::Archived>();
        assert!(root > 0, "an Archived of a type without bytes holds nothing: use a `bool`");
        assert!(N >= root, "an Archived has room for the archived type at least: give it a larger capacity");
        assert!(N <= i32::MAX as usize, "an Archived holds less than 2 GiB: give it a smaller capacity");
        assert!(align_of::<A::Archived>() <= 16, "an archived type is aligned to at most 16 bytes");
        assert!(offset_of!(Self, bytes) == 16 && List::<u8, N>::LAYOUT.align <= 16);
    };

    /// No value.
    ///
    /// ```
    /// assert!(shmstate::Archived::<String, 64>::new().get().is_none());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let () = Self::PROVED;
        Archived { keyed_hash: 0, bytes: List::new(), of: PhantomData }
    }

    /// How many bytes fit: `N`.
    ///
    /// ```
    /// assert_eq!(shmstate::Archived::<String, 64>::new().capacity(), 64);
    /// ```
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        N
    }

    /// How many bytes the archive has; 0 without a value.
    ///
    /// ```
    /// let mut name = shmstate::Archived::<String, 64>::new();
    /// assert_eq!(name.len(), 0);
    /// name.set(&"a name longer than 8 bytes".into())?;
    /// assert!(name.len() > 26);
    /// # Ok::<_, shmstate::archived::ArchiveError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no value.
    ///
    /// ```
    /// assert!(shmstate::Archived::<String, 64>::new().is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes the archive of `value` has, whether or not it fits.
    ///
    /// ```
    /// type Name = shmstate::Archived<String, 64>;
    /// assert!(Name::needed(&"x".repeat(1000))? > 1000);
    /// # Ok::<_, shmstate::archived::ArchiveError>(())
    /// ```
    ///
    /// # Errors
    /// [`Refused`](ArchiveError::Refused) if the value cannot be archived.
    pub fn needed(value: &A) -> Result<usize, ArchiveError> {
        let () = Self::PROVED;
        content::write(value, &mut []).map_err(ArchiveError::Refused)
    }

    /// Makes it `value`.
    ///
    /// ```
    /// let mut name = shmstate::Archived::<String, 64>::new();
    /// name.set(&"a name".into())?;
    /// assert_eq!(name.get().unwrap(), "a name");
    /// let too_long = name.set(&"x".repeat(1000)).unwrap_err();
    /// assert_eq!(too_long.to_string(), "the archive is full: it holds at most 64, and 1008 were needed");
    /// assert_eq!(name.get().unwrap(), "a name");
    /// # Ok::<_, shmstate::archived::ArchiveError>(())
    /// ```
    ///
    /// # Errors
    /// [`Full`](ArchiveError::Full) if it takes more than `N` bytes, and [`Refused`](ArchiveError::Refused) if it cannot be
    /// archived; then the old value stays. `Refused` also if the archive does not pass its own check, or is nested more than 256
    /// deep; then there is no value. There is no value either after a panic of an implementation of the value's type. Inside an
    /// update, returning the error brings the old value back.
    pub fn set(&mut self, value: &A) -> Result<(), ArchiveError> {
        let needed = Self::needed(value)?;
        if needed > N {
            return Err(CapacityError::new((), "archive", N, needed).into());
        }
        self.clear();
        let half = Half(self);
        half.0.bytes.resize(needed, 0).map_err(|full| full.without_value())?;
        let bytes = half.0.bytes.as_mut_slice();
        let written = content::write(value, bytes).map_err(ArchiveError::Refused)?;
        let archive = bytes.get(..written).unwrap_or_default();
        content::check::<A>(archive).map_err(ArchiveError::Refused)?;
        let hash = keyed_hash(archive);
        half.0.bytes.truncate(written);
        half.0.keyed_hash = hash;
        Checked::new::<A>(&half.0.bytes, hash).note();
        std::mem::forget(half);
        Ok(())
    }

    /// Takes the value away.
    ///
    /// ```
    /// let mut name = shmstate::Archived::<String, 64>::new();
    /// name.set(&"a name".into())?;
    /// name.clear();
    /// assert!(name.get().is_none());
    /// # Ok::<_, shmstate::archived::ArchiveError>(())
    /// ```
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.keyed_hash = 0;
    }

    /// The value, in place; `None` without one.
    ///
    /// `None` also if the bytes are no `A`, which only a process that writes into the region outside of the protocol can cause;
    /// [`try_get`](Self::try_get) tells the two apart.
    ///
    /// ```
    /// let mut names = shmstate::Archived::<Vec<String>, 64>::new();
    /// names.set(&vec!["Zoë".into(), "Max".into()])?;
    /// assert_eq!(names.get().unwrap().len(), 2);
    /// assert_eq!(names.get().unwrap()[0], "Zoë");
    /// # Ok::<_, shmstate::archived::ArchiveError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn get(&self) -> Option<&A::Archived> {
        self.try_get().ok().flatten()
    }

    /// The value, in place; `None` without one.
    ///
    /// ```
    /// let name = shmstate::Archived::<String, 64>::new();
    /// assert!(name.try_get()?.is_none());
    /// # Ok::<_, shmstate::ValidityError>(())
    /// ```
    ///
    /// # Errors
    /// If the bytes are no `A`.
    #[inline]
    pub fn try_get(&self) -> Result<Option<&A::Archived>, ValidityError> {
        // Once: another process may change the length at any time.
        let bytes = self.bytes.as_slice();
        if bytes.is_empty() {
            return Ok(None);
        }
        let seen = Checked::new::<A>(bytes, self.keyed_hash);
        if !seen.is_known() {
            check::<A>(bytes)?;
            seen.note();
        }
        // SAFETY: these bytes were checked as an archive of an `A`: in this place by this thread, or just now. They lie at
        // a multiple of 16, as `PROVED` says of the offset and `repr` of the whole.
        Ok(Some(unsafe { content::root::<A>(bytes) }))
    }

    /// The value, out of its archive; `None` without one.
    ///
    /// ```
    /// let mut names = shmstate::Archived::<Vec<String>, 64>::new();
    /// names.set(&vec!["Zoë".into()])?;
    /// let owned: Option<Vec<String>> = names.deserialize()?;
    /// assert_eq!(owned.unwrap(), ["Zoë"]);
    /// # Ok::<_, shmstate::archived::ArchiveError>(())
    /// ```
    ///
    /// # Errors
    /// [`Refused`](ArchiveError::Refused) if an implementation of the type's own says so. As with [`get`](Self::get), bytes
    /// that are no `A` are no value.
    pub fn deserialize(&self) -> Result<Option<A>, ArchiveError>
    where
        A::Archived: Deserialize<A, HighDeserializer<BoxedError>>,
    {
        self.get().map(rkyv::deserialize::<A, BoxedError>).transpose().map_err(ArchiveError::Refused)
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
impl<A: Archivable, const N: usize> Archived<A, N> {
    /// Whether the hash is that of the content, where this process has set it.
    pub(crate) fn has_its_hash(&self) -> bool {
        let hash = if self.is_empty() { 0 } else { keyed_hash(&self.bytes) };
        hash == self.keyed_hash
    }
}

/// An archive that is being set. Unless it is finished, which forgets this, there is no value: not after an error, and not
/// after a panic of the code that archives the value.
struct Half<'a, A: Archivable, const N: usize>(&'a mut Archived<A, N>);

impl<A: Archivable, const N: usize> Drop for Half<'_, A, N> {
    fn drop(&mut self) {
        self.0.clear();
    }
}

/// Whether `bytes` are an archive of an `A`.
#[cold]
fn check<A: Archivable>(bytes: &[u8]) -> Result<(), ValidityError> {
    content::check::<A>(bytes).map_err(|e| ValidityError::new(format!("no archive of its type: {e}")))
}

// SAFETY: a number and a list of bytes, without drop glue; zeroes are no value; `validate` refuses what is no archive of
// an `A`. The bytes after the list that alignment may add belong to the whole and are never looked at. The hash is
// plain, and the list is walked by its own walks, in its place. What the type parameter stands for is in the bytes alone.
unsafe impl<A: Archivable, const N: usize> SharedLayout for Archived<A, N> {
    const LAYOUT: &'static Layout = &Layout {
        name: "Archived",
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        version: 0,
        arguments: const { &[Argument::Type(const { &form::root_layout::<A>() }), Argument::Const(N as i128)] },
        docs: "",
        hooks: crate::layout::Hooks::NONE,
        kind: {
            let () = Self::PROVED;
            Kind::Struct(
                const {
                    &[
                        Field {
                            name: "keyed_hash",
                            offset: offset_of!(Self, keyed_hash),
                            layout: u128::LAYOUT,
                            docs: "",
                            renamed_from: &[],
                            local: false,
                        },
                        Field {
                            name: "bytes",
                            offset: offset_of!(Self, bytes),
                            layout: List::<u8, N>::LAYOUT,
                            docs: "",
                            renamed_from: &[],
                            local: false,
                        },
                    ]
                },
            )
        },
    };
    const TRACKED: bool = true;
    const CHECKED: bool = true;
    const DEFAULT_IS_ZERO: bool = true;

    #[inline]
    unsafe fn stamp(this: *mut Self, stamp: Stamp) {
        let bytes = this.wrapping_byte_add(offset_of!(Self, bytes)).cast();
        // SAFETY: a field, under the caller's promise for the whole.
        unsafe { List::<u8, N>::stamp(bytes, stamp.at(offset_of!(Self, bytes))) }
    }

    #[inline]
    unsafe fn copy_plain(to: *mut Self, from: *const Self) {
        // SAFETY: the first field of both, under the caller's promise for the whole.
        unsafe { std::ptr::copy_nonoverlapping(from.cast::<u128>(), to.cast::<u128>(), 1) }
        let at = offset_of!(Self, bytes);
        // SAFETY: a field of both, under the caller's promise for the whole.
        unsafe { List::<u8, N>::copy_plain(to.wrapping_byte_add(at).cast(), from.wrapping_byte_add(at).cast()) }
    }

    #[inline]
    unsafe fn collect_dirty<const NESTED: bool>(
        written: *const Self,
        source: *const Self,
        stamp: Stamp,
        touched: &mut DirtyRanges,
    ) {
        if NESTED {
            touched.add(stamp.offset(), size_of::<u128>());
        }
        let at = offset_of!(Self, bytes);
        let [written, source] = [written, source].map(|whole| whole.wrapping_byte_add(at).cast());
        // SAFETY: a field of both, under the caller's promise for the whole.
        unsafe { List::<u8, N>::collect_dirty::<NESTED>(written, source, stamp.at(at), touched) }
    }

    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        let bytes = this.wrapping_byte_add(offset_of!(Self, bytes)).cast();
        // SAFETY: a field, under the caller's promise for the whole.
        unsafe { List::<u8, N>::validate(bytes) }?;
        // SAFETY: the caller's promise: initialised bytes, which are integers.
        let this = unsafe { &*this };
        if this.is_empty() { Ok(()) } else { check::<A>(&this.bytes) }
    }
}
