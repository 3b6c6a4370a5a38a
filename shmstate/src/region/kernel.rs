//! What a handle asks the operating system for, and tells the listeners.

use super::geometry::Geometry;
use crate::commit::{Host, News};
use crate::events;
use crate::os::{self, Held, Limits, Liveness};
use crate::sync::AtomicU32;
use std::path::PathBuf;
use std::time::Duration;

/// What a handle asks the operating system for.
pub(crate) struct Kernel {
    pub(super) liveness: Liveness,
    pub(super) geometry: Geometry,
    /// Where the region was found, for people.
    pub(super) path: PathBuf,
}

impl Host for Kernel {
    type Held<'a> = Held<'a>;

    fn probe(&self, slot: usize) -> Option<Held<'_>> {
        self.liveness.probe(slot)
    }

    fn wait(&self, word: &AtomicU32, seen: u32, limit: Duration) {
        os::futex_wait(word, seen, limit);
    }

    fn wake(&self, word: &AtomicU32) {
        os::futex_wake(word);
    }

    fn make_room(&self, copy: usize) -> bool {
        let bytes = self.geometry.image(copy)..self.geometry.image(copy + 1);
        let reserved = self.liveness.with_file(|file| os::reserve(&self.path, file, bytes, Limits::Respected));
        reserved.is_ok_and(|reserved| reserved.is_ok())
    }

    fn pause(&self, round: u32) {
        std::thread::sleep(Duration::from_micros(50 << round.min(4)));
    }

    #[cold]
    fn tell(&self, news: News) {
        match news {
            News::Recovered { slot, pid, version } => events::recovered(&self.path, slot, pid, version),
            News::Reclaimed { slot, pid } => events::reclaimed(&self.path, slot, pid),
            News::Spare { copies } => events::spare(&self.path, copies),
            News::Pinned { slots } => events::pinned(&self.path, slots),
        }
    }
}
