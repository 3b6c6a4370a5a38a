//! Followers: one more copy, in private memory, with a position in the log.
//!
//! A follower keeps an image of some version, and a position in the log such that every entry of a later commit has that number or a
//! higher one. It catches up as a copy does: with the active copy pinned, it takes over plain fields, and what the log names from its
//! position up to the active copy's. What it takes over is what has changed.
//!
//! **The position of the active copy** lies after the entries of its own commit, and at or before the first entry of the next one.
//! Only a writer that has seen the next commit published moves it further: when it gives the copy to an update, which a pin prevents,
//! or when it moves entries to page bits ([`super::log`]). So a position counts if the copy is still the active one
//! *after* the position was read (P2). The log's end will not do: it includes the entries of an update that has not been published.
//!
//! **Overwritten entries.** A follower is in no writer's way: entries that it has not taken over yet are overwritten. One transaction
//! writes at most `M` entries, and one that overwrites entry `n` of a log of `L` began when the log's end was past
//! `n + L − M`. A follower that sees such an entry sees that end as well (P3 with W2). So it believes what it has read
//! if, after that, the end is at most `L − M` past the first entry; otherwise it takes everything.
//!
//! **Pages.** What an update has marked by pages goes to the page bits of the copies, of which a follower has none. The version of the
//! last such commit is kept; a follower of an older version takes everything.
//!
//! **Without a pin**, where the region is mapped for reading, all of it is read in the midst of an optimistic read, and counts
//! if that does. Such a follower may outlive all handles; so the log's numbers go on when a population begins, and it finds an overrun.
//!
//! Roll-backs and dead writers leave entries too many: bytes that are equal.

use super::shared::Shared;
use crate::sync::{Ordering::Relaxed, fence_acquire};
use crate::track::exact;
use std::ops::Range;

/// Where a follower is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Position {
    /// The version that its image has.
    pub(crate) version: u64,
    /// The first entry of the log that it may lack.
    log_position: u64,
}

impl Shared<'_> {
    /// The position of one that has the content of copy `copy`, of which the caller holds a pin, or is in the midst of an optimistic
    /// read; `None` if that is no longer the active copy, so that it has to be looked at anew.
    pub(crate) fn position_of(&self, copy: usize) -> Option<Position> {
        let log_position = self.copies.get(copy)?.log_position.load(Relaxed);
        fence_acquire(); // [P2]
        let active = self.published_relaxed().in_service().copy == copy;
        active.then(|| Position { version: self.version_of(copy), log_position })
    }

    /// Gathers the byte ranges in which the version at `to` differs from that at `from`, apart from plain fields. Returns `false` if
    /// the log does not say it: it was overrun, or pages were marked.
    pub(crate) fn entries_between(&self, from: Position, to: Position, ranges: &mut Vec<Range<u64>>) -> bool {
        ranges.clear();
        // Stored before the version that it names, which the caller has seen.
        if self.control.active.spilled.load(Relaxed) > from.version {
            return false;
        }
        let most = self.log.len().saturating_sub(exact(self.size)) as u64;
        let count = to.log_position.wrapping_sub(from.log_position);
        if count > most {
            return false;
        }
        for n in 0..count {
            let range = self.granule.unpack(self.entry(from.log_position.wrapping_add(n)).load(Relaxed));
            ranges.push(range.start.min(self.size)..range.end.min(self.size));
        }
        fence_acquire(); // [P3]
        self.control.active.log_end.load(Relaxed).wrapping_sub(from.log_position) <= most
    }
}
