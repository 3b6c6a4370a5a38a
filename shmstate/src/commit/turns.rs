//! Which copies have their turn, and which rest.
//!
//! All copies have their turn, so that none rots and there is always a fresh one that no reader is in. Each byte that changes is copied
//! into all of them, however. A small state can do with less: as long as no reader is in the way, two copies are written by turns, and the
//! others rest. The first update that finds a reader in the way takes a copy that rests, and copies at most the whole state for it.
//! Then all copies have their turn for some thousand versions.

use super::shared::Shared;
use super::words::{CopyLine, Published};
use crate::sync::Ordering::Relaxed;

/// The size of a state up to which an update can copy it whole without being late. It is smaller in tests, so that they have states
/// of both kinds; the models decide for themselves.
const SMALL: u64 = match () {
    () if cfg!(any(shmstate_loom, shmstate_shuttle)) => 0,
    () if cfg!(test) => 4 << 10,
    () => 2 << 20,
};

/// For how many versions all copies of a small state of `size` bytes have their turn after a reader was in the way: so many that
/// waking a copy costs little per version.
const fn turns(size: u64) -> u64 {
    match size / 32 {
        _ if cfg!(any(shmstate_loom, shmstate_shuttle)) => 1,
        few if few < 4096 => 4096,
        many => many,
    }
}

/// [`ActiveLine::turns_until`](super::words::ActiveLine) of a state that is not small.
const ALWAYS: u64 = u64::MAX;

impl Shared<'_> {
    /// Decides whether copies may rest, for a first handle.
    pub(super) fn reset_turns(&self) {
        let line = &self.control.active;
        let (turns, until) = if self.size > SMALL { (self.in_use(), ALWAYS) } else { (2, 0) };
        line.turns.store(turns as u32, Relaxed);
        line.turns_until.store(until, Relaxed);
    }

    /// Whether copies may rest.
    pub(super) fn may_rest(&self) -> bool {
        self.control.active.turns_until.load(Relaxed) != ALWAYS
    }

    /// Whether a copy rests.
    pub(super) fn has_rest(&self) -> bool {
        (self.control.active.turns.load(Relaxed) as usize) < self.in_use()
    }

    /// A reader was in the way of the update that follows the active version: no copy rests for some time.
    #[cold]
    pub(super) fn end_rest(&self, active: Published) {
        let line = &self.control.active;
        if self.may_rest() {
            line.turns_until.store(active.version + turns(self.size), Relaxed);
            line.turns.store(self.in_use() as u32, Relaxed);
        }
    }

    /// Lets all copies but two rest if no reader was in the way lately. Asked for when the log has come round.
    pub(super) fn begin_rest(&self, active: Published) {
        let line = &self.control.active;
        if active.version >= line.turns_until.load(Relaxed) {
            line.turns.store(2, Relaxed);
        }
    }

    /// Whose turn it is: the copy after the active one, of those that have their turn. `None` if the word `turns` alone does not say
    /// it. The active copy is one that exists, then, and another than the one returned: another process may have written any number
    /// in either word.
    #[inline(always)]
    pub(super) fn in_turn(&self, active: Published) -> Option<(usize, &CopyLine)> {
        let (turns, next) = (self.control.active.turns.load(Relaxed) as usize, active.copy + 1);
        let lines = self.copies.get(..turns)?;
        match lines.get(next) {
            Some(line) => Some((next, line)),
            None if next == turns && turns >= 2 => lines.first().map(|line| (0, line)),
            None => None,
        }
    }
}
