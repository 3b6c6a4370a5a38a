//! Waiting for changes of a part of a state.

use super::source::Source;
use super::unpinned::{self, Found};
use crate::commit::{Position, Shared};
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::state::{Projection, ReadOnly, State, TypedImages, place_of};
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// Waits for changes of a part of a state: [`State::watch`], [`State::watch_part`], and the same of [`ReadOnly`].
pub struct Watch<'a, T: SharedLayout> {
    source: Source<'a, T>,
    /// The part, of the bytes of `T`.
    part: Range<usize>,
    at: Position,
    seen: Seen,
    /// What the log says, of one check.
    entries: Vec<Range<u64>>,
}

/// Of a part, what an update changes without an entry in the log, and what it was when it was seen last.
struct Seen {
    places: Box<[Range<usize>]>,
    /// One place after the other.
    bytes: Vec<u8>,
}

impl Seen {
    /// Nothing of a part yet.
    fn none_of<T: SharedLayout>(part: &Range<usize>) -> Seen {
        let mut unmarked = Vec::new();
        T::LAYOUT.add_unmarked(0, &mut unmarked);
        let inside = |range: Range<usize>| range.start.max(part.start)..range.end.min(part.end);
        let places: Box<[_]> = unmarked.into_iter().map(inside).filter(|range| !range.is_empty()).collect();
        let bytes = vec![0; places.iter().map(Range::len).sum()];
        Seen { places, bytes }
    }

    /// Takes over what an image has there. Returns whether it has changed.
    fn update(&mut self, image: &[u8]) -> bool {
        let (mut changed, mut rest) = (false, &mut *self.bytes);
        for place in &self.places {
            let (were, more) = rest.split_at_mut(place.len());
            let now = &image[place.clone()];
            if were != now {
                were.copy_from_slice(now);
                changed = true;
            }
            rest = more;
        }
        changed
    }

    /// Takes over what there is now. Returns whether it has changed.
    fn take_over(&mut self, now: Vec<u8>) -> bool {
        let changed = self.bytes != now;
        self.bytes = now;
        changed
    }
}

impl<T: SharedLayout> State<T> {
    /// Waits for changes of one field from now on.
    ///
    /// ```
    /// # use shmstate::{List, SharedLayout, State};
    /// # use std::time::Duration;
    /// #[derive(SharedLayout)]
    /// #[repr(C)]
    /// struct Board { ticks: u64, limit: u64, samples: List<f64, 100> }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let board = State::<Board>::create(dir.path().join("board"))?;
    /// let limit = board.project(|s| &s.limit)?;
    /// let mut watch = board.watch(&limit)?;
    /// board.update(|s| s.ticks += 1)?;
    /// assert_eq!(watch.wait(Duration::ZERO)?, None);
    /// board.update(|s| s.limit = 7)?;
    /// assert_eq!(watch.wait(Duration::ZERO)?, Some(2)); // version 2
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn watch<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<Watch<'_, T>, Error> {
        self.watch_bytes(field.bytes())
    }

    /// Waits for changes of a part of the state from now on: `part` is given an empty state and returns a reference into it, to a
    /// field, a container, or some items of an array.
    ///
    /// # Errors
    /// As for [`read`](Self::read); what the operating system says when there is no memory for an empty state.
    ///
    /// # Panics
    /// With whatever `part` panics; if what it returns does not lie in the state.
    pub fn watch_part<P: ?Sized>(&self, part: impl FnOnce(&T) -> &P) -> Result<Watch<'_, T>, Error> {
        self.watch_bytes(place_of(self.region().path(), part)?)
    }

    fn watch_bytes(&self, part: Range<usize>) -> Result<Watch<'_, T>, Error> {
        let mut seen = Seen::none_of::<T>(&part);
        let at = self.at_active(|_, image, at| {
            let _ = seen.update(image);
            at
        })?;
        Ok(Watch { source: Source::State(self), part, at, seen, entries: Vec::new() })
    }

    /// Calls `look` with the active image, of which no process writes a byte meanwhile, and its position.
    fn at_active<R>(&self, mut look: impl FnMut(&Shared<'_>, &[u8], Position) -> R) -> Result<R, Error> {
        let shared = self.region().shared();
        loop {
            let found = self.pinned(|images: &TypedImages<T>, copy| {
                let at = shared.position_of(copy)?;
                // SAFETY: the copy is pinned, and all bytes of a value are initialised.
                let image = unsafe { std::slice::from_raw_parts(images.image(copy).cast(), size_of::<T>()) };
                Some(look(shared, image, at))
            })?;
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }
}

impl<T: SharedLayout> ReadOnly<T> {
    /// Waits for changes of one field from now on: see [`State::watch`].
    ///
    /// This process cannot announce that it waits, so that it sees a change up to 16 ms late: see [`wait_newer`](Self::wait_newer).
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # use std::time::Duration;
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64, limit: u64 }
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("board");
    /// let board = State::<Board>::create(&name)?;
    /// let view = State::<Board>::open_read_only(&name)?;
    /// let limit = view.project(|s| &s.limit)?;
    /// let mut watch = view.watch(&limit)?;
    /// board.update(|s| s.ticks += 1)?;
    /// assert_eq!(watch.wait(Duration::ZERO)?, None);
    /// board.update(|s| s.limit = 7)?;
    /// assert_eq!(watch.wait(Duration::ZERO)?, Some(2)); // version 2
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`snapshot`](Self::snapshot).
    pub fn watch<F: SharedLayout>(&self, field: &Projection<T, F>) -> Result<Watch<'_, T>, Error> {
        self.watch_bytes(field.bytes())
    }

    /// Waits for changes of a part of the state from now on: see [`State::watch_part`].
    ///
    /// # Errors
    /// As for [`snapshot`](Self::snapshot); what the operating system says when there is no memory for an empty state.
    ///
    /// # Panics
    /// With whatever `part` panics; if what it returns does not lie in the state.
    pub fn watch_part<P: ?Sized>(&self, part: impl FnOnce(&T) -> &P) -> Result<Watch<'_, T>, Error> {
        self.watch_bytes(place_of(self.path(), part)?)
    }

    fn watch_bytes(&self, part: Range<usize>) -> Result<Watch<'_, T>, Error> {
        let (mut seen, mut entries) = (Seen::none_of::<T>(&part), Vec::new());
        let (Found { at, .. }, now) = unpinned::parts(self, &seen.places, None, &mut entries)?;
        let _ = seen.take_over(now);
        Ok(Watch { source: Source::ReadOnly(self), part, at, seen, entries })
    }
}

impl<T: SharedLayout> Watch<'_, T> {
    /// Waits until commits have touched the part since it was looked at last, and returns the newest version then; `None` if none has
    /// after `timeout`.
    ///
    /// # Errors
    /// As for [`State::read`] and [`State::wait_newer`].
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<u64>, Error> {
        let mut clock = Deadline::new(timeout);
        loop {
            if self.check()? {
                return Ok(Some(self.at.version));
            }
            if self.source.wait_newer(self.at.version, &mut clock)?.is_none() {
                return Ok(None);
            }
        }
    }

    /// [`wait`](Self::wait) for a task, which can be cancelled: see [`State::changed`].
    ///
    /// # Errors
    /// As for [`State::read`] and [`State::changed`].
    pub async fn changed(&mut self) -> Result<u64, Error> {
        while !self.check()? {
            self.source.changed(self.at.version).await?;
        }
        Ok(self.at.version)
    }

    /// Whether the part was touched since the last check.
    fn check(&mut self) -> Result<bool, Error> {
        match self.source {
            Source::State(state) => self.check_pinned(state),
            Source::ReadOnly(view) => self.check_unpinned(view),
        }
    }

    fn check_pinned(&mut self, state: &State<T>) -> Result<bool, Error> {
        state.version()?;
        if !state.region().shared().published().is_news(self.at.version) {
            return Ok(false);
        }
        state.at_active(|shared, image, to| {
            let is_known = shared.entries_between(self.at, to, &mut self.entries);
            self.at = to;
            let differs = self.seen.update(image);
            differs || self.may_be_marked(is_known)
        })
    }

    fn check_unpinned(&mut self, view: &ReadOnly<T>) -> Result<bool, Error> {
        if !view.region().published().is_news(self.at.version) {
            return Ok(false);
        }
        let (found, now) = unpinned::parts(view, &self.seen.places, Some(self.at), &mut self.entries)?;
        if found.at.version == self.at.version {
            return Ok(false);
        }
        self.at = found.at;
        let differs = self.seen.take_over(now);
        Ok(differs || self.may_be_marked(found.is_known))
    }

    /// Whether what the log says meets the part, if it `is_known`. A part of plain fields alone is seen as a whole.
    fn may_be_marked(&self, is_known: bool) -> bool {
        if self.seen.bytes.len() == self.part.len() {
            return false;
        }
        let (start, end) = (self.part.start as u64, self.part.end as u64);
        !is_known || self.entries.iter().any(|entry| entry.start < end && start < entry.end && entry.start < entry.end)
    }
}

impl<T: SharedLayout> fmt::Debug for Watch<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Watch");
        debug.field("state", &self.source).field("part", &self.part).field("version", &self.at.version);
        debug.finish_non_exhaustive()
    }
}
