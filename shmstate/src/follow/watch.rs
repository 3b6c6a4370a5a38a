//! Waiting for changes of a part of a state.

use crate::commit::{Position, Shared};
use crate::error::Error;
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::state::{Projection, State, TypedImages, place_of};
use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// Waits for changes of a part of a state: [`State::watch`], [`State::watch_part`].
pub struct Watch<'a, T: SharedLayout> {
    state: &'a State<T>,
    /// The part, of the bytes of `T`.
    part: Range<usize>,
    at: Position,
    /// Of the part, what an update changes without a word in the log; and what it was when it was seen last.
    unmarked: Box<[Seen]>,
    /// What the log says, of one look.
    entries: Vec<Range<u64>>,
}

/// Bytes of a state, and what they were when they were seen last.
struct Seen {
    bytes: Range<usize>,
    were: Box<[u8]>,
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
        let mut unmarked = Vec::new();
        T::LAYOUT.add_unmarked(0, &mut unmarked);
        let inside = |range: Range<usize>| range.start.max(part.start)..range.end.min(part.end);
        let unmarked = unmarked.into_iter().map(inside).filter(|range| !range.is_empty());
        let mut unmarked: Box<[_]> = unmarked.map(|bytes| Seen { were: vec![0; bytes.len()].into(), bytes }).collect();
        let at = self.at_active(|_, image, at| {
            take_over(&mut unmarked, image);
            at
        })?;
        Ok(Watch { state: self, part, at, unmarked, entries: Vec::new() })
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

/// Takes over what has changed. Returns whether anything has.
fn take_over(parts: &mut [Seen], image: &[u8]) -> bool {
    let mut changed = false;
    for Seen { bytes, were } in parts {
        let now = &image[bytes.clone()];
        if **were != *now {
            were.copy_from_slice(now);
            changed = true;
        }
    }
    changed
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
            if self.look()? {
                return Ok(Some(self.at.version));
            }
            if self.state.region().wait_newer(self.at.version, &mut clock)?.is_none() {
                return Ok(None);
            }
        }
    }

    /// [`wait`](Self::wait) for a task, which can be cancelled: see [`State::changed`].
    ///
    /// # Errors
    /// As for [`State::read`] and [`State::changed`].
    pub async fn changed(&mut self) -> Result<u64, Error> {
        while !self.look()? {
            self.state.changed(self.at.version).await?;
        }
        Ok(self.at.version)
    }

    /// Whether the part was touched since the last look.
    fn look(&mut self) -> Result<bool, Error> {
        let state = self.state;
        state.version()?;
        if !state.region().shared().published().is_news(self.at.version) {
            return Ok(false);
        }
        state.at_active(|shared, image, to| {
            let known = shared.entries_between(self.at, to, &mut self.entries);
            let meets = |entry: &Range<u64>| {
                entry.start < self.part.end as u64 && (self.part.start as u64) < entry.end && entry.start < entry.end
            };
            let marked = !known || self.entries.iter().any(meets);
            self.at = to;
            take_over(&mut self.unmarked, image) | marked
        })
    }
}

impl<T: SharedLayout> fmt::Debug for Watch<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Watch");
        debug.field("state", self.state).field("part", &self.part).field("version", &self.at.version);
        debug.finish_non_exhaustive()
    }
}
