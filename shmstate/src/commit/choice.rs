//! Which copy an update writes: one that no reader is in, and that needs little to catch up.
//!
//! When readers stay in all of them, a region that has room for more takes a spare copy into use: see [`super::spare`].

use super::outside::{Clock, Event, Os};
use super::shared::Shared;
use super::words::{CopyLine, NEVER, Published, count};
use crate::sync::Ordering::Relaxed;

/// When an update looks at all copies, it takes a copy that lags by more than this many versions before one that lags less, so that
/// none rots.
const MOST_LAG: u64 = 3;

/// How many times a writer lets time pass before it takes a spare copy: readers that are just passing are not worth one.
const PAUSES_BEFORE_SPARE: u32 = if cfg!(shmstate_loom) { 0 } else { 4 };

/// How often (in versions of lag) a writer asks whether the readers that keep a stale copy pinned are alive.
const PROBE_EVERY: u64 = 1024;

impl Shared<'_> {
    /// The copy to write, if it can be chosen without waiting: the one whose turn it is or, if that is pinned, another one. It is
    /// unpinned and not the active one.
    #[inline(always)]
    pub(super) fn choose_in_turn(&self, active: Published) -> Option<(usize, &CopyLine)> {
        let in_turn = self.in_turn(active)?;
        if self.listed.is_empty() || self.scan(in_turn.0, active.version) {
            return Some(in_turn);
        }
        self.choose_out_of_turn(active)
    }

    /// [`Self::choose_in_turn`], where a reader is in the copy whose turn it is.
    #[cold]
    #[inline(never)]
    fn choose_out_of_turn(&self, active: Published) -> Option<(usize, &CopyLine)> {
        self.end_rest(active);
        self.next(active, |_| true).filter(|&copy| self.is_free(copy)).map(|copy| (copy, &self.copies[copy]))
    }

    /// [`Self::choose_in_turn`], with all the work and waiting that it may take.
    pub(super) fn choose(
        &self,
        active: Published,
        me: usize,
        os: &impl Os,
        clock: &mut impl Clock,
    ) -> Result<usize, u64> {
        let in_turn = if self.has_rest() { self.in_turn(active).map(|(copy, _)| copy) } else { None };
        match in_turn.or_else(|| self.next(active, |_| true)) {
            Some(first) if self.is_free(first) => Ok(first),
            Some(first) => {
                self.end_rest(active);
                self.choose_other(active, first, me, os, clock)
            }
            None => Err(0),
        }
    }

    /// The copy whose turn it is, of those that `may` be taken: the least stale one, or the stalest one as soon as that lags too far,
    /// has half of the log to take over, or has run over to pages.
    #[cold]
    pub(super) fn next(&self, active: Published, may: impl Fn(usize) -> bool) -> Option<usize> {
        // The version that a copy is of, plus one, so that `NEVER` comes first, and after it the copy's number.
        let (mut fresh, mut stale) = (0, u64::MAX);
        for (k, line) in self.copies[..self.in_use()].iter().enumerate() {
            if k != active.copy && may(k) {
                let key = Published { version: line.synced.load(Relaxed).wrapping_add(1), copy: k }.pack();
                (fresh, stale) = (fresh.max(key), stale.min(key));
            }
        }
        if stale == u64::MAX {
            return None;
        }
        let Published { version: oldest, copy } = Published::unpack(stale);
        let rots = oldest == 0 || oldest + MOST_LAG <= active.version || self.is_far_behind(&self.copies[copy]);
        Some(if rots { copy } else { Published::unpack(fresh).copy })
    }

    /// How many versions ago copy `k` was the active one.
    #[inline]
    fn lag(&self, k: usize, version: u64) -> u64 {
        match self.copies[k].synced.load(Relaxed) {
            NEVER => u64::MAX,
            synced => version.saturating_sub(synced),
        }
    }

    /// [`Self::choose`] when the first choice is pinned: another copy; else wait, and clear the pins of the dead.
    #[cold]
    fn choose_other(
        &self,
        active: Published,
        first: usize,
        me: usize,
        os: &impl Os,
        clock: &mut impl Clock,
    ) -> Result<usize, u64> {
        // A reader that died leaves its pin: no copy may rot for that, and no update may ask the kernel each time. One of
        // as many versions as there are copies comes here for certain.
        let due = self.lag(first, active.version) % PROBE_EVERY >= PROBE_EVERY - self.in_use() as u64;
        if due {
            // All that are pinned, because the reader that stays in the stalest may be alive.
            for k in (0..self.in_use()).filter(|&k| k != active.copy && !self.is_free(k)) {
                self.clear_dead(k, me, os);
            }
            if self.is_free(first) {
                return Ok(first);
            }
        }
        let mut round = 0;
        loop {
            // The stalest copy of all may be the pinned one; the rule holds among the free ones, so that no other rots.
            if let Some(k) = self.next(active, |k| self.is_free(k)) {
                return Ok(k);
            }
            let remaining = clock.remaining();
            if round > 0 || remaining.is_none() {
                for k in (0..self.in_use()).filter(|&k| k != active.copy) {
                    if self.clear_dead(k, me, os) {
                        return Ok(k);
                    }
                }
            }
            if (round >= PAUSES_BEFORE_SPARE || remaining.is_none())
                && let Some(spare) = self.add_spare(os)
            {
                return Ok(spare);
            }
            if remaining.is_none() {
                return Err(self.pinning_others(active.copy));
            }
            if round == 1 {
                self.notify(Event::Pinned { slots: self.pinning_others(active.copy) }, os);
            }
            os.pause(round);
            round += 1;
        }
    }

    /// Clears the pins that the dead have left in copy `k`. Returns whether it is free now.
    fn clear_dead(&self, k: usize, me: usize, os: &impl Os) -> bool {
        let mut free = true;
        self.listed.any(|slot| {
            if !self.is_pinned(slot, k) {
                return false;
            }
            // The pins of this handle are those of its own threads.
            match (slot != me).then(|| os.probe(slot)).flatten() {
                Some(_held) => {
                    self.clear_pins(slot);
                    count(&self.control.counters.reclaimed);
                    self.notify(Event::Reclaimed { slot, pid: self.pid(slot) }, os);
                }
                None => free = false,
            }
            false
        });
        free && self.is_free(k)
    }
}
