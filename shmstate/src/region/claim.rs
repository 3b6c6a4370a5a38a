//! Slots: which one a new handle gets, and which processes hold the others.

use super::kernel::Kernel;
use crate::commit::{Clock, Os, Shared};
use crate::error::{Error, ErrorRepr};
use crate::os::{self, LiveDescription};
use crate::sync::Ordering::Relaxed;

/// If no more slots than this were ever used, they are tried one after the other.
const FEW: usize = 64;

/// How many of the slots that seem to be free are tried otherwise.
const TRIES: usize = 2;

/// One handle in this many first tries a slot that seems to be taken. The slot's holder may be dead; in this way, such slots come
/// back into use.
const RECLAIM_EVERY: usize = 4;

/// Claims a slot whose holder is gone, and makes it clean.
pub(super) fn claim(
    live: &LiveDescription,
    shared: &Shared<'_>,
    kernel: &Kernel,
    clock: &mut impl Clock,
) -> Result<usize, Error> {
    let (path, slots) = (&kernel.path, shared.slots.len());
    for round in 0.. {
        let used = (shared.control.counters.used.load(Relaxed) as usize).min(slots);
        let start = if used <= FEW { 0 } else { os::random_u64() as usize % used };
        for slot in order(slots, used, start, |slot| shared.slots[slot].pid.load(Relaxed) != 0) {
            if live.claim(slot).map_err(|e| Error::io(path, "lock", e))? {
                shared.reset_slot(slot, kernel);
                return Ok(slot);
            }
        }
        // A dead holder's byte is free when the kernel has torn its process down.
        if clock.remaining().is_none() {
            break;
        }
        kernel.pause(round);
    }
    let holders = holders(shared, 0..slots);
    Err(ErrorRepr::NoSlot { path: path.to_owned(), slots, holders, asked: None }.into())
}

/// The slots in the order in which they are tried, every one at least once. Each try looks through all locks of the file, which are
/// many if there are many handles. So, if there are many slots, one that `is_marked` as taken is tried later; the mark is only a
/// hint.
fn order(
    slots: usize,
    used: usize,
    start: usize,
    is_marked: impl Fn(usize) -> bool + Copy,
) -> impl Iterator<Item = usize> {
    let (first, tries) = if used <= FEW { (used, 0) } else { (0, TRIES) };
    let reclaims = usize::from(tries > 0 && start.is_multiple_of(RECLAIM_EVERY));
    let turn = (start..used).chain(0..start);
    let unmarked = turn.clone().filter(move |&slot| !is_marked(slot)).take(tries);
    let marked = turn.filter(move |&slot| is_marked(slot)).take(reclaims);
    (0..first).chain(unmarked).chain(marked).chain(used..slots).chain(0..used)
}

/// The processes that hold these slots: each once, as far as they said.
pub(super) fn holders(shared: &Shared<'_>, slots: impl IntoIterator<Item = usize>) -> String {
    let mine = os::pid_namespace();
    let mut names: Vec<String> = Vec::new();
    let mut elsewhere = false;
    for line in slots.into_iter().filter_map(|slot| shared.slots.get(slot)) {
        let (pid, namespace) = (line.pid.load(Relaxed), line.namespace.load(Relaxed));
        let name = line.command();
        let is_elsewhere = mine != 0 && namespace != 0 && namespace != mine;
        let holder = match pid {
            0 => "an unknown process".to_owned(),
            _ if is_elsewhere => format!("process {pid} of another PID namespace ({namespace}) ({name:?})"),
            _ => format!("process {pid} ({name:?})"),
        };
        elsewhere |= is_elsewhere;
        if !names.contains(&holder) {
            names.push(holder);
        }
    }
    /// Names in one message.
    const MOST: usize = 8;
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    let hint = if elsewhere { "; `lsns -t pid` lists the namespaces" } else { "" };
    names.join(", ") + hint
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_slot_is_tried(slots in 1..300_usize, used in 0..300_usize, start in 0..300_usize, marks in any::<u64>()) {
            let used = used.min(slots);
            let start = if used == 0 { 0 } else { start % used };
            let mut tried: Vec<_> = order(slots, used, start, |slot| marks >> (slot % 64) & 1 == 1).collect();
            tried.sort_unstable();
            tried.dedup();
            prop_assert_eq!(tried, (0..slots).collect::<Vec<_>>());
        }
    }

    #[test]
    fn few_slots_are_tried_beside_many_that_are_taken() {
        let tries = |slots, used, free: &[usize]| {
            // A slot is free if it is one of these, or was never used.
            order(slots, used, 1200 % used, |slot| !free.contains(&slot))
                .take_while(|slot| *slot < used && !free.contains(slot))
                .count()
        };
        assert_eq!(tries(65_536, 4000, &[]), 1, "then the first that was never used");
        assert_eq!(tries(65_536, 4000, &[7]), 0, "the one that was given back");
        assert_eq!(tries(65_536, FEW, &[]), FEW, "few are tried in turn");
    }
}
