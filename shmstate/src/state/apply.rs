//! An update by bytes: what has changed in one state becomes an update of another one.

use super::handle::State;
use super::update::Pointers;
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::{SharedLayout, Touched, merged};
use std::ops::Range;

/// Why bytes are not applied, and nothing has changed.
enum Refused {
    /// The newest version is another one.
    Newer,
    /// They would make no value.
    Invalid(Error),
}

impl<T: SharedLayout> State<T> {
    /// The bytes of the fields with `#[shared(local)]`, which belong to each machine alone, in order and apart from each other. A
    /// program that brings another state up to date by [`apply`](Self::apply) leaves them out.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board {
    ///     ticks: u64,
    ///     #[shared(local)]
    ///     reads: u64,
    /// }
    ///
    /// assert_eq!(State::<Board>::local_bytes()?, [8..16]);
    /// # Ok::<_, shmstate::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for a local field inside of a container, because the shared state decides
    /// which items there are.
    pub fn local_bytes() -> Result<Vec<Range<usize>>, Error> {
        let mut ranges = Vec::new();
        T::LAYOUT.add_local(0, T::LAYOUT.name, &mut ranges).map_err(ErrorRepr::InvalidOption)?;
        Ok(merged(ranges))
    }

    /// Runs `f` on a local field, to which `field` returns a reference. What `f` did becomes the next version, as for
    /// [`update`](Self::update).
    ///
    /// It is for a state that several machines share, where each machine changes only its own local fields. `field` only selects
    /// the field; whatever else it changes is not looked at.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board {
    /// #     ticks: u64,
    /// #     #[shared(local)]
    /// #     reads: u64,
    /// # }
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// board.update_local(|s| &mut s.reads, |reads| *reads += 1)?;
    /// assert_eq!(board.read(|s| s.reads)?, 1);
    /// assert!(board.update_local(|s| &mut s.ticks, |ticks| *ticks += 1).is_err());
    /// assert_eq!(board.read(|s| s.ticks)?, 0);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for a field that is not local; and as for [`update`](Self::update). Nothing
    /// has changed then.
    ///
    /// # Panics
    /// With whatever `field` or `f` panics, after everything has been rolled back.
    pub fn update_local<F: ?Sized, R>(
        &self,
        field: impl FnOnce(&mut T) -> &mut F,
        f: impl FnOnce(&mut F) -> R,
    ) -> Result<R, Error> {
        let local = Self::local_bytes()?;
        self.try_update(|state| {
            let base = std::ptr::from_ref(state).addr();
            let field = field(state);
            let start = std::ptr::from_ref(field).addr().wrapping_sub(base);
            let is_local = |range: &Range<usize>| {
                range.start <= start && start.checked_add(size_of_val(field)).is_some_and(|end| end <= range.end)
            };
            if local.iter().any(is_local) {
                return Ok(f(field));
            }
            Err(ErrorRepr::InvalidOption(format!(
                "a field of `{}` that is not local: mark it with `#[shared(local)]`, or change it on all machines with `update`",
                T::LAYOUT.name
            )))
        })?
        .map_err(Error::from)
    }

    /// Runs `f` on the bytes of the committed version, and its number. The bytes are those that
    /// [`Follower::bytes`](crate::Follower::bytes) returns, without a private copy.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// let dir = tempfile::tempdir()?;
    /// let number = State::<u64>::create(dir.path().join("number"))?;
    /// number.update(|n| *n = 258)?;
    /// assert_eq!(number.read_bytes(|bytes, version| (bytes.to_vec(), version))?, (vec![2, 1, 0, 0, 0, 0, 0, 0], 1));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    ///
    /// # Panics
    /// With whatever `f` panics.
    pub fn read_bytes<R>(&self, f: impl FnOnce(&[u8], u64) -> R) -> Result<R, Error> {
        self.read_versioned(|state, version| {
            // SAFETY: a `T` has no padding, and is not written for as long as it is borrowed.
            f(unsafe { std::slice::from_raw_parts(std::ptr::from_ref(state).cast(), size_of::<T>()) }, version)
        })
    }

    /// One update that writes bytes: each piece at its place in the state. Returns the version that it makes.
    ///
    /// It is for a program that receives the [changes](crate::Change) of a state, and brings another state of the same layout up to
    /// date with them. The pieces are the [bytes](crate::Follower::bytes) that the changes have [written](crate::Change::written),
    /// in the order of their versions. They may come from anywhere: the parts of the state in which they lie are checked before the
    /// version is published, as those of a region are when it is opened.
    ///
    /// ```
    /// # use shmstate::{List, SharedLayout, State};
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board { ticks: u64, samples: List<f64, 1024> }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let mirror = State::<Board>::create(dir.path().join("mirror"))?;
    /// let mut follower = board.follow()?;
    /// board.transact(|s| Ok(s.samples.push(0.5)?))?;
    ///
    /// let change = follower.advance()?.expect("a version");
    /// let bytes = follower.bytes();
    /// mirror.apply(change.written().iter().map(|range| (range.start, &bytes[range.clone()])))?;
    /// assert_eq!(mirror.read(|s| s.samples[0])?, 0.5);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidValue`](crate::ErrorKind::InvalidValue) for bytes that lie outside of the state, or make no value of it; and as for
    /// [`update`](Self::update). Nothing has changed then.
    pub fn apply<'a>(&self, pieces: impl IntoIterator<Item = (usize, &'a [u8])>) -> Result<u64, Error> {
        let applied = self.apply_pieces(None, &pieces.into_iter().collect::<Vec<_>>())?;
        Ok(applied.expect("any version is the right one"))
    }

    /// [`apply`](Self::apply), if the newest version has this number; `None`, and nothing has changed, if it has another one.
    ///
    /// # Errors
    /// As for [`apply`](Self::apply).
    pub fn apply_after<'a>(
        &self,
        version: u64,
        pieces: impl IntoIterator<Item = (usize, &'a [u8])>,
    ) -> Result<Option<u64>, Error> {
        self.apply_pieces(Some(version), &pieces.into_iter().collect::<Vec<_>>())
    }

    fn apply_pieces(&self, after: Option<u64>, pieces: &[(usize, &[u8])]) -> Result<Option<u64>, Error> {
        let invalid = |why: String| {
            let why = format!(
                "the bytes that were to be applied to the region `{}` make no value of its type: {why}; nothing has changed: apply bytes \
                 that were changed in a state of the same layout, in the order of their versions",
                self.region().path().display()
            );
            Error::from(ErrorRepr::View { kind: ErrorKind::InvalidValue, at: String::new(), why })
        };
        for (start, bytes) in pieces {
            if start.checked_add(bytes.len()).is_none_or(|end| end > size_of::<T>()) {
                let (len, size) = (bytes.len(), size_of::<T>());
                return Err(invalid(format!("{len} bytes from byte {start} on do not lie in a state of {size}")));
            }
        }
        let ranges = merged(
            pieces.iter().filter(|(_, bytes)| !bytes.is_empty()).map(|(at, bytes)| *at..at + bytes.len()).collect(),
        );
        let verdict = self.update_by_pointer(
            || self.timeout(),
            |running| {
                if after.is_some_and(|after| running.version != after + 1) {
                    return Err(Refused::Newer);
                }
                // SAFETY: the pieces and the ranges lie in the state, and the ranges are where the pieces lie.
                unsafe { write(&running, pieces, &ranges) }.map_err(|why| Refused::Invalid(invalid(why)))?;
                for range in &ranges {
                    running.touched.add_bytes(range.start as u64..range.end as u64);
                }
                Ok(running.version)
            },
        )?;
        match verdict {
            Ok(version) => Ok(Some(version)),
            Err(Refused::Newer) => Ok(None),
            Err(Refused::Invalid(e)) => Err(e),
        }
    }
}

/// Writes the pieces into the copy of an update. If they would make no value, takes them back, so that the copy holds a value when
/// this returns.
///
/// # Safety
/// The pieces lie in the state. The ranges are the bytes of all pieces, in order and apart from each other.
unsafe fn write<T: SharedLayout>(
    running: &Pointers<'_, T>,
    pieces: &[(usize, &[u8])],
    ranges: &[Range<usize>],
) -> Result<(), String> {
    let (copy, active) = (running.copy.cast::<u8>(), running.active.cast::<u8>());
    for (start, bytes) in pieces {
        // SAFETY: they lie in the copy, which is this update's alone; what it is made of is checked below.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy.wrapping_add(*start), bytes.len()) }
    }
    let mut verdict = Ok(());
    if T::CHECKED {
        let before = |offset: usize| {
            let is_inside = offset.checked_add(4).is_some_and(|end| end <= size_of::<T>());
            // SAFETY: it lies in the active copy, whose bytes are initialised, and which no process writes.
            is_inside.then(|| unsafe { active.wrapping_add(offset).cast::<u32>().read_unaligned() })
        };
        let touched = Touched::new(copy, ranges, &before);
        // SAFETY: aligned and initialised; it was a value before, that of the active copy, and has changed in these bytes alone.
        verdict = unsafe { T::validate_touched(running.copy, &touched) }.map_err(|invalid| invalid.to_string());
    }
    if verdict.is_err() {
        for range in ranges {
            let (to, from) = (copy.wrapping_add(range.start), active.wrapping_add(range.start));
            // SAFETY: bytes of both copies, of which one is this update's alone, and no process writes the other one.
            unsafe { std::ptr::copy_nonoverlapping(from, to, range.len()) }
        }
    }
    if T::TRACKED {
        // What was written has brought the marks of another transaction along.
        // SAFETY: a value: it was found valid, or has the bytes of the active copy, of which it is as before.
        unsafe { T::stamp(running.copy, running.stamp) }
    }
    verdict
}
