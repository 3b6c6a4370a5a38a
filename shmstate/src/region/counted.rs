//! Reading what a region counts, and which handles it has.

use super::stats::Stats;
use crate::commit::Shared;
#[cfg(feature = "dynamic")]
use crate::plain::Timestamp;
#[cfg(feature = "dynamic")]
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::time::Duration;

impl Stats {
    pub(crate) fn of(shared: &Shared<'_>) -> Stats {
        let counters = &shared.control.counters;
        Stats {
            commits: shared.published().version,
            roll_backs: counters.roll_backs.load(Relaxed),
            recoveries: counters.recoveries.load(Relaxed),
            pins_reclaimed: counters.reclaimed.load(Relaxed),
            copies: shared.in_use(),
            max_copies: shared.copies.len(),
            handles: shared.slots.len(),
            longest_wait: Duration::from_nanos(counters.longest_wait_ns.load(Relaxed)),
        }
    }
}

/// A handle on a region, as the process that has it described itself.
///
/// The words are hints for people. A process that died without closing its handle stays in the list until another handle
/// takes its slot.
#[cfg(feature = "dynamic")]
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Handle {
    /// Its number in the region, from 0 on.
    pub slot: usize,
    /// The process, in its own PID namespace.
    pub pid: u32,
    /// That namespace, by its inode; 0 if it is not known.
    pub namespace: u32,
    /// The name of the process's command, of which at most 16 bytes are kept.
    pub command: String,
    /// When the handle was attached.
    pub since: Timestamp,
    /// The copies that its readers keep.
    pub pinned: Vec<usize>,
    /// Whether it has the writer's lock.
    pub writes: bool,
}

#[cfg(feature = "dynamic")]
impl Handle {
    /// Those whose processes have not left; `since` has a word for each slot.
    pub(super) fn all(shared: &Shared<'_>, since: &[AtomicU64]) -> Vec<Handle> {
        let (writer, copies) = (shared.locked_by(), shared.in_use());
        let used = (shared.control.counters.used.load(Relaxed) as usize).min(shared.slots.len());
        let taken = shared.slots[..used].iter().enumerate().filter(|(_, line)| line.pid.load(Relaxed) != 0);
        taken
            .map(|(slot, line)| Handle {
                slot,
                pid: line.pid.load(Relaxed),
                namespace: line.namespace.load(Relaxed),
                command: line.command(),
                since: Timestamp::from_unix_nanos(since[slot].load(Relaxed).cast_signed()),
                pinned: (0..copies).filter(|&copy| line.pins_copy(copy)).collect(),
                writes: writer == Some(slot),
            })
            .collect()
    }
}
