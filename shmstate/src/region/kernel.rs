//! What a handle asks the operating system for, and tells the listeners.

use super::geometry::Geometry;
use super::reopening::lost;
use crate::commit::{Event, Os};
use crate::events;
use crate::os::{self, Held, Limits, Liveness};
use crate::sync::AtomicU32;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a handle asks the operating system for.
pub(crate) struct Kernel {
    pub(super) liveness: Liveness,
    pub(super) geometry: Geometry,
    /// Where the region was found, for people.
    pub(super) path: PathBuf,
    /// Why the last spare copy that was needed could not be made.
    no_room: Mutex<Option<String>>,
}

impl Kernel {
    pub(super) fn new(liveness: Liveness, geometry: Geometry, path: &Path) -> Kernel {
        Kernel { liveness, geometry, path: path.to_owned(), no_room: Mutex::new(None) }
    }

    /// What to say about a spare copy that could not be made for lack of room, and what to do; `in_use` copies are there. Empty if
    /// room was not what was missing.
    pub(super) fn missing_room(&self, in_use: usize) -> String {
        let no_room = self.no_room.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(why) = no_room.as_ref().filter(|_| in_use < self.geometry.max_copies) else { return String::new() };
        let (max, needed) = (self.geometry.max_copies, self.geometry.stride());
        format!(
            "it has {in_use} of at most {max} copies, but there is no room for another one, which takes {needed} bytes \
             where the region lies ({why}): make room there, or "
        )
    }
}

impl Os for Kernel {
    type Held<'a> = Held<'a>;

    fn probe(&self, slot: usize) -> Option<Held<'_>> {
        self.liveness.probe(slot)
    }

    fn wait(&self, word: &AtomicU32, seen: u32, limit: Duration) {
        os::futex_wait(word, seen, limit);
    }

    fn wake(&self, word: &AtomicU32) {
        os::futex_wake(word, 1);
    }

    fn wake_all(&self, word: &AtomicU32) {
        os::futex_wake_all(word);
    }

    fn make_room(&self, copy: usize) -> bool {
        let bytes = self.geometry.image(copy)..self.geometry.image(copy + 1);
        let key = self.liveness.key();
        let reserved = self.liveness.with_file(|file| os::reserve(&self.path, file, key, bytes, Limits::Respected));
        let no_room = match reserved {
            Ok(Ok(())) => None,
            Ok(Err(e)) => Some(e.shortage()),
            Err(e) => Some(lost(&self.path, e).to_string()),
        };
        let made = no_room.is_none();
        *self.no_room.lock().unwrap_or_else(PoisonError::into_inner) = no_room;
        made
    }

    fn spin(&self, time: Duration) {
        os::spin(time);
    }

    fn pause(&self, round: u32) {
        os::sleep(Duration::from_micros(50 << round.min(4)));
    }

    #[cold]
    fn notify(&self, event: Event) {
        match event {
            Event::Recovered { slot, pid, version } => events::recovered(&self.path, slot, pid, version),
            Event::Reclaimed { slot, pid } => events::reclaimed(&self.path, slot, pid),
            Event::Spare { copies } => events::spare(&self.path, copies),
            Event::Pinned { slots } => events::pinned(&self.path, slots),
        }
    }
}
