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
//! if, after that, the end is at most `L − M` past the first entry; otherwise the log does not say what it lacks.
//!
//! **Another copy's part.** What an update has marked by pages goes to the page bits of the copies, and a follower has no page bits.
//! A follower may also be slower than the log. But what another copy lacks is in the log from that copy's position on, and in its
//! page bits. A copy that holds an older version than the follower lacks all that the follower lacks. So a follower may take what
//! that copy lacks, if no update writes the copy while its bits are read (P4). The copy's sequence says so, as for an optimistic
//! read. If there is no such copy, the follower compares everything. The version of the last commit that has marked pages is kept, so
//! that a follower knows when the log alone will not do.
//!
//! **Without a pin**, where the region is mapped for reading, a follower reads all of this inside of an optimistic read, and the
//! result counts if that read does. Such a follower may outlive all handles. So a new population does not begin the log's numbers
//! anew, and the follower finds an overrun.
//!
//! Roll-backs and dead writers leave extra entries, which name bytes that are equal already.

use super::shared::Shared;
use crate::sync::{Ordering::Relaxed, fence_acquire};
use crate::track::{PAGE, exact};
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
    /// The position of a follower that has the content of copy `copy`. The caller holds a pin of this copy, or is inside of an
    /// optimistic read. `None` if this copy is no longer the active one, so that the caller has to look again.
    pub(crate) fn position_of(&self, copy: usize) -> Option<Position> {
        let log_position = self.copies.get(copy)?.log_position.load(Relaxed);
        fence_acquire(); // [P2]
        let active = self.published_relaxed().in_service().copy == copy;
        active.then(|| Position { version: self.version_of(copy), log_position })
    }

    /// Gathers byte ranges that contain all differences between the versions at `from` and `to`, apart from plain fields. Returns
    /// `false` if neither the log nor what a copy lacks says where they are.
    pub(crate) fn entries_between(&self, from: Position, to: Position, ranges: &mut Vec<Range<u64>>) -> bool {
        // Stored before the version that it names, which the caller has seen.
        let is_logged = self.control.active.spilled.load(Relaxed) <= from.version;
        is_logged && self.entries_from(from.log_position, to, ranges)
            || (0..self.in_use()).any(|copy| self.lacked_by(copy, from, to, ranges))
    }

    /// Gathers what the log says from entry `first` on. Returns `false` if it was overrun.
    fn entries_from(&self, first: u64, to: Position, ranges: &mut Vec<Range<u64>>) -> bool {
        ranges.clear();
        let most = self.log.len().saturating_sub(exact(self.size)) as u64;
        let count = to.log_position.wrapping_sub(first);
        if count > most {
            return false;
        }
        for n in 0..count {
            let range = self.granule.unpack(self.entry(first.wrapping_add(n)).load(Relaxed));
            ranges.push(range.start.min(self.size)..range.end.min(self.size));
        }
        fence_acquire(); // [P3]
        self.control.active.log_end.load(Relaxed).wrapping_sub(first) <= most
    }

    /// Gathers what copy `copy` lacks of the version at `to`. Returns `false` if that is not known, or if it may be less than what the version at
    /// `from` lacks.
    #[cold]
    fn lacked_by(&self, copy: usize, from: Position, to: Position, ranges: &mut Vec<Range<u64>>) -> bool {
        let line = &self.copies[copy];
        let sequence = line.sequence.load(Relaxed);
        fence_acquire();
        let (version, position) = (line.synced.load(Relaxed), line.log_position.load(Relaxed));
        // One that was rolled back holds no version.
        if !sequence.is_multiple_of(4) || version > from.version || !self.entries_from(position, to, ranges) {
            return false;
        }
        // By the fence of P3, with the bits of what was moved there before the position was.
        let (pages, mut next) = (self.pages_of(line), 0);
        while let Some(run) = pages.next_run(next) {
            let starts = (run.start..run.end.min(self.size)).step_by(PAGE as usize);
            ranges.extend(starts.map(|start| start..(start + PAGE).min(self.size)));
            next = run.end;
        }
        fence_acquire(); // [P4]
        line.sequence.load(Relaxed) == sequence
    }
}
