//! A private image of a state that catches up.

use super::change::{Change, Found, add_differing, add_differing_items, len_at};
use super::source::Source;
use super::unpinned::{self, Pieces};
use crate::commit::{Position, Shared};
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::state::{ReadOnly, State, TypedImages};
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// A private copy of a state, which catches up at the cost of what has changed, and says what that was: [`State::follow`],
/// [`ReadOnly::follow`].
///
/// Updates do nothing for it and never wait for it, however slow it is. It takes as much memory as one copy of the state.
pub struct Follower<'a, T: SharedLayout> {
    source: Source<'a, T>,
    image: Box<T>,
    at: Position,
    /// What an update changes without an entry in the log.
    unmarked: Box<[Range<usize>]>,
    /// Parts of it that are taken over as a whole or not at all.
    indivisible: Box<[Range<usize>]>,
    /// What the log says, of one advance.
    entries: Vec<Range<u64>>,
    /// What was copied without a pin, of one advance.
    pieces: Pieces,
}

impl<T: SharedLayout> State<T> {
    /// A private copy of the committed version, which can catch up with later ones.
    ///
    /// ```
    /// # use shmstate::{List, SharedLayout, State};
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board { ticks: u64, samples: List<f64, 1024> }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let mut follower = board.follow()?;
    /// board.update(|s| s.ticks += 1)?;
    /// board.transact(|s| Ok(s.samples.push(0.5)?))?;
    /// assert_eq!(follower.get().ticks, 0);
    ///
    /// let change = follower.advance()?.expect("newer versions");
    /// assert_eq!((change.from(), change.to(), change.skipped()), (0, 2, 1));
    /// assert_eq!(change.fields(), ["ticks", "samples"]);
    /// assert_eq!((follower.get().ticks, follower.get().samples.len()), (1, 1));
    /// assert!(follower.advance()?.is_none());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn follow(&self) -> Result<Follower<'_, T>, Error> {
        let mut image = Box::<T>::new_uninit();
        let to = image.as_mut_ptr();
        let at = loop {
            let at = self.pinned(|images: &TypedImages<T>, copy| {
                let at = self.region().shared().position_of(copy)?;
                // SAFETY: the copy is pinned and holds a value; the box is as large, and is no part of the mapping.
                unsafe { copy_bytes(images.image(copy).cast_const(), to) }
                Some(at)
            })?;
            if let Some(at) = at {
                break at;
            }
        };
        // SAFETY: it was copied from a value, as a whole; the bytes of a `T` are all there is of it.
        let image = unsafe { image.assume_init() };
        Ok(Follower::new(Source::State(self), image, at))
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    /// A private copy of the committed version, which can catch up with later ones: see [`State::follow`].
    ///
    /// This process holds no pin, so a writer may overwrite the bytes that are being copied; then they are copied again, as for a
    /// [`snapshot`](Self::snapshot). The copied bytes are checked before they become a part of the `T`: in plain structs, arrays
    /// and lists, only what has changed; any other part as a whole.
    ///
    /// ```
    /// # use shmstate::{List, SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// let board = State::<Board>::create(&name)?;
    /// let view = State::<Board>::open_read_only(&name)?;
    /// let mut follower = view.follow()?;
    /// board.update(|s| s.ticks += 1)?;
    /// assert_eq!(follower.advance()?.expect("a newer version").to(), 1);
    /// assert_eq!(follower.get().ticks, 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`snapshot`](Self::snapshot).
    pub fn follow(&self) -> Result<Follower<'_, T>, Error> {
        let (at, image) = unpinned::whole(self)?;
        Ok(Follower::new(Source::ReadOnly(self), image, at))
    }
}

impl<'a, T: SharedLayout> Follower<'a, T> {
    fn new(source: Source<'a, T>, image: Box<T>, at: Position) -> Self {
        let mut unmarked = Vec::new();
        T::LAYOUT.add_unmarked(0, &mut unmarked);
        let mut indivisible = Vec::new();
        T::LAYOUT.add_indivisible(0, &mut indivisible);
        let (unmarked, indivisible) = (unmarked.into(), indivisible.into());
        Follower { source, image, at, unmarked, indivisible, entries: Vec::new(), pieces: Pieces::default() }
    }
}

impl<T: SharedLayout> Follower<'_, T> {
    /// The state as it was at [`version`](Self::version).
    #[inline]
    #[must_use]
    pub fn get(&self) -> &T {
        &self.image
    }

    /// The bytes of [`get`](Self::get), as [`Change::ranges`] counts them and the region's [schema](State::schema) describes them: for
    /// a program that keeps a copy elsewhere, a page at a time.
    ///
    /// Bytes that mean nothing (see [the types](mod@crate::format#types)) are among them.
    #[inline]
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        bytes_of(&*self.image)
    }

    /// The version that the follower has.
    #[inline]
    #[must_use]
    pub fn version(&self) -> u64 {
        self.at.version
    }

    /// Catches up with the newest version. Returns what has changed; `None` if the follower has that version already.
    ///
    /// It pins the newest version meanwhile. It compares and copies plain fields, and those parts of containers that updates have
    /// marked. If [that is unknown](Change::is_overrun), it compares everything, and copies what differs.
    ///
    /// # Errors
    /// As for [`State::read`], or [`ReadOnly::snapshot`]; the follower stays what it was.
    pub fn advance(&mut self) -> Result<Option<Change<T>>, Error> {
        match self.source {
            Source::State(state) => self.advance_pinned(state),
            Source::ReadOnly(view) => self.advance_unpinned(view),
        }
    }

    fn advance_pinned(&mut self, state: &State<T>) -> Result<Option<Change<T>>, Error> {
        state.version()?;
        let shared = state.region().shared();
        if !shared.published().is_news(self.version()) {
            return Ok(None);
        }
        loop {
            let advanced = state.pinned(|images: &TypedImages<T>, copy| {
                let to = shared.position_of(copy)?;
                // SAFETY: the copy is pinned and holds the version of that position.
                Some((to.version > self.version()).then(|| unsafe { self.take_over(shared, images.image(copy), to) }))
            })?;
            if let Some(change) = advanced {
                return Ok(change);
            }
        }
    }

    fn advance_unpinned(&mut self, view: &ReadOnly<T>) -> Result<Option<Change<T>>, Error> {
        if !view.region().published().is_news(self.version()) {
            return Ok(None);
        }
        let before = self.version();
        let found = self.pieces.copy_changes(view, self.at, &self.unmarked, &mut self.entries)?;
        if found.at.version <= before {
            return Ok(None);
        }
        if !found.is_known {
            let (at, image) = unpinned::whole(view)?;
            // A process that does not run this protocol may have taken the version back.
            if at.version <= before {
                return Ok(None);
            }
            self.at = at;
            // SAFETY: a value of this process's own.
            let ranges = unsafe { self.take_over_all(&raw const *image) };
            return Ok(Some(Change::of_all_compared(before, at.version, ranges)));
        }
        let differing = self.pieces.take_over(&mut self.image, &self.unmarked, &self.indivisible, view.path())?;
        self.at = found.at;
        Ok(Some(differing.change(before, found.at.version)))
    }

    /// Waits until there is a newer version, and [catches up](Self::advance); `None` if there is none after `timeout`.
    ///
    /// # Errors
    /// As for [`advance`](Self::advance) and [`State::wait_newer`].
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<Change<T>>, Error> {
        let mut clock = Deadline::new(timeout);
        loop {
            if let Some(change) = self.advance()? {
                return Ok(Some(change));
            }
            if self.source.wait_newer(self.version(), &mut clock)?.is_none() {
                return Ok(None);
            }
        }
    }

    /// Waits until there is a newer version, and [catches up](Self::advance): [`wait`](Self::wait) for a task, which can be cancelled.
    ///
    /// # Errors
    /// As for [`advance`](Self::advance) and [`State::changed`].
    pub async fn changed(&mut self) -> Result<Change<T>, Error> {
        loop {
            if let Some(change) = self.advance()? {
                return Ok(change);
            }
            self.source.changed(self.version()).await?;
        }
    }

    /// Makes the image that of a newer version.
    ///
    /// # Safety
    /// `from` is a value that no process writes, and the content at `to`.
    unsafe fn take_over(&mut self, shared: &Shared<'_>, from: *const T, to: Position) -> Change<T> {
        let before = self.version();
        let known = shared.entries_between(self.at, to, &mut self.entries);
        self.at = to;
        if known {
            // SAFETY: the caller's promise.
            unsafe { self.take_over_entries(from) }.change(before, to.version)
        } else {
            // SAFETY: the caller's promise.
            Change::of_all_compared(before, to.version, unsafe { self.take_over_all(from) })
        }
    }

    /// Takes over what differs anywhere, and returns what that is.
    ///
    /// # Safety
    /// `from` is a value that no process writes.
    #[cold]
    unsafe fn take_over_all(&mut self, from: *const T) -> Vec<Range<usize>> {
        // SAFETY: the caller's promise; a value's bytes are initialised.
        let new = unsafe { bytes(from.cast(), size_of::<T>()) };
        let (old, mut ranges) = (self.bytes(), Vec::new());
        add_differing_items(T::LAYOUT, (old, new), 0, &self.unmarked, &mut ranges);
        for unmarked in &self.unmarked {
            add_differing(&old[unmarked.clone()], &new[unmarked.clone()], unmarked.start, &mut ranges);
        }
        let image = (&raw mut *self.image).cast::<u8>();
        for range in &ranges {
            let (from, to) = (from.cast::<u8>().wrapping_add(range.start), image.wrapping_add(range.start));
            // SAFETY: the range lies inside of both, of which one is the follower's own.
            unsafe { std::ptr::copy_nonoverlapping(from, to, range.len()) }
        }
        ranges
    }

    /// Takes over plain fields, and what the entries name, and returns what of either differed.
    ///
    /// # Safety
    /// `from` is a value that no process writes.
    unsafe fn take_over_entries(&mut self, from: *const T) -> Found {
        // SAFETY: the caller's promise; a value's bytes are initialised; nothing of it is used past the comparisons.
        let (old, new) = (self.bytes(), unsafe { bytes(from.cast(), size_of::<T>()) });
        let (mut found, size) = (Found::default(), size_of::<T>());
        for unmarked in &self.unmarked {
            found.add_plain(&old[unmarked.clone()], &new[unmarked.clone()], unmarked.start, &self.indivisible);
        }
        let entries = self.entries.iter().map(|entry| entry.start as usize..size.min(entry.end as usize));
        let entries = entries.filter(|entry| !entry.is_empty());
        let both = |list: usize| len_at(old, list).min(len_at(new, list));
        for entry in entries.clone() {
            found.add_entry(T::LAYOUT, (&old[entry.clone()], &new[entry.clone()]), entry.start, &self.unmarked, &both);
        }
        let image = &raw mut *self.image;
        // SAFETY: both hold values, of which one is the follower's own, and no process writes the other one.
        unsafe { T::copy_plain(image, from) }
        for entry in entries {
            let (to, from) =
                (image.cast::<u8>().wrapping_add(entry.start), from.cast::<u8>().wrapping_add(entry.start));
            // SAFETY: the range lies inside of both; they do not overlap.
            unsafe { std::ptr::copy_nonoverlapping(from, to, entry.len()) }
        }
        found
    }
}

/// Copies all bytes of a `T`, those included that a copy of the value may leave out.
///
/// # Safety
/// `from` is a value that no process writes, and `to` is other memory for one.
unsafe fn copy_bytes<T>(from: *const T, to: *mut T) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(from.cast::<u8>(), to.cast(), size_of::<T>()) }
}

fn bytes_of<T: SharedLayout>(value: &T) -> &[u8] {
    // SAFETY: a `T` has no padding, and is not written for as long as it is borrowed.
    unsafe { bytes(std::ptr::from_ref(value).cast(), size_of::<T>()) }
}

/// `len` bytes at `at`.
///
/// # Safety
/// They are initialised, and are not written for as long as the slice lives.
unsafe fn bytes<'a>(at: *const u8, len: usize) -> &'a [u8] {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(at, len) }
}

impl<T: SharedLayout> fmt::Debug for Follower<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Follower");
        debug.field("state", &self.source).field("version", &self.version()).finish_non_exhaustive()
    }
}
