//! Faults of slots, of the lock, and of taking it over.

use super::Check::{Loom, Process, Shuttle, Step, Unit};
use super::Mutant;
use super::symptoms::{DEADLOCK, HALF, LOST, RACE, STUCK};
use super::weave::{before, instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    // Claiming a slot.
    Mutant {
        name: "claim_counts_no_slot",
        breaks: "a slot is not listed again when a writer died that took it off the list",
        patches: &[left_out("commit/recovery.rs", "self.control.counters.used.fetch_max(me as u32 + 1, Relaxed);")],
        checks: &[Loom("sweeps::a_sweep_dies", RACE)],
    },
    Mutant {
        name: "claim_leaves_pins",
        breaks: "the last holder's pins stay",
        patches: &[left_out("commit/recovery.rs", "self.clear_pins(me);")],
        checks: &[
            Loom("deaths::a_reader_dies_and_its_slot_reads_on", STUCK),
            Loom("deaths::an_owner_dies_and_its_slot_reads_on", STUCK),
            Step("claim"),
        ],
    },
    Mutant {
        name: "claim_ignores_the_word",
        breaks: "the last holder's lock stays",
        patches: &[value("commit/recovery.rs", "self.is_locked_by(me)", "false")],
        checks: &[Loom("deaths::two_claim_the_slot_of_a_dead_writer", STUCK), Step("many-spots")],
    },
    Mutant {
        name: "claim_does_not_recover",
        breaks: "the last holder's lock is released as it was",
        patches: &[instead(
            "commit/recovery.rs",
            "let event = self.recover(me); self.unlock(os); os.notify(event);",
            "self.unlock(os);",
        )],
        checks: &[Loom("deaths::two_claim_the_slot_of_a_dead_writer", HALF), Step("claim")],
    },
    // The lock.
    Mutant {
        name: "no_take_over",
        breaks: "a dead owner's lock stays",
        patches: &[before(
            "commit/lock.rs",
            "loop { let seen = word.load(Relaxed); if seen & OWNER != holder",
            "return false;",
        )],
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", STUCK)],
    },
    Mutant {
        name: "no_take_over_from_under_the_next",
        breaks: "a dead owner's lock stays while a writer is next",
        patches: &[value("commit/lock.rs", "word.load(Relaxed) & !«(NOTIFY | NEXT)» == holder", "NOTIFY")],
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", STUCK)],
    },
    Mutant {
        name: "next_stays",
        breaks: "an unlock leaves the flag of the next writer",
        patches: &[instead(
            "commit/lock.rs",
            "self.control.lock.word.swap(0, Release) & !OWNER",
            "self.control.lock.word.fetch_and(NEXT, Release) & !OWNER",
        )],
        checks: &[Loom("writers::two_writers", "the lock is held")],
    },
    Mutant {
        name: "byte_released_before_the_cas",
        breaks: "the dead owner's byte is let go before its lock is taken over",
        patches: &[before(
            "commit/lock.rs",
            "loop { let seen = word.load(Relaxed); if seen & OWNER != holder",
            "drop(_held);",
        )],
        checks: &[Loom("deaths::a_slot_is_claimed_while_it_is_probed", HALF), Shuttle("schedules::few_slots")],
    },
    Mutant {
        name: "probe_without_holding",
        breaks: "a dead owner is asked for, and not held",
        patches: &[before(
            "commit/model/fixture.rs",
            "self.fixture.set_lock(slot, probe(self.slot)).then(",
            "return (byte.load(Ordering::Acquire) == 0).then(|| Held(Box::leak(Box::new(atomic::AtomicU32::new(0)))));",
        )],
        checks: &[
            Loom("deaths::a_slot_is_claimed_while_it_is_probed", HALF),
            Loom("deaths::a_reader_dies_and_its_slot_reads_on", STUCK),
            Shuttle("schedules::few_slots"),
        ],
    },
    Mutant {
        name: "sleepers_forgotten",
        breaks: "the flag of the sleepers is lost when the lock changes hands",
        patches: &[left_out("commit/lock.rs", "slept = WAIT;")],
        checks: &[Loom("writers::three_writers_sleep_until_woken", DEADLOCK)],
    },
    Mutant {
        name: "unlock_wakes_no_writer",
        breaks: "a writer that sleeps is not woken",
        patches: &[left_out("commit/lock.rs", "os.wake(&lock.word);")],
        checks: &[Loom("writers::two_writers_sleep_until_woken", DEADLOCK)],
    },
    Mutant {
        name: "unlock_left_out",
        breaks: "the lock is never released",
        patches: &[value("commit/lock.rs", "self.control.lock.word.swap(0, Release) & !OWNER", "0")],
        checks: &[Loom("writers::two_writers", STUCK)],
    },
    Mutant {
        name: "re_entry_unnoticed",
        breaks: "an update inside of a closure over the same region runs",
        patches: &[value("state/update.rs", "if «Frame::is_open(region.key().numbers())» {", "false")],
        checks: &[Process("errors", "reentrant")],
    },
    // Taking over.
    Mutant {
        name: "take_over_does_not_recover",
        breaks: "the lock is taken over, and nothing is set right",
        patches: &[left_out("commit/recovery.rs", "self.notify(self.recover(slot), os);")],
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", HALF), Step("many-spots")],
    },
    Mutant {
        name: "recovery_does_nothing",
        breaks: "what a death left is not set right",
        patches: &[before("commit/recovery.rs", "self.list_all();", "return event;")],
        checks: &[
            Loom("deaths::a_writer_dies_while_another_writes", HALF),
            Unit("state::relocation::deaths::death_behind_the_publication"),
            Step("many-spots"),
            Shuttle("schedules::three_copies"),
        ],
    },
    Mutant {
        name: "recovery_trusts_every_copy",
        breaks: "every copy counts as whole after a recovery",
        patches: &[before(
            "commit/recovery.rs",
            "count(&self.control.counters.recoveries);",
            "for line in self.copies { line.sequence.store(line.odd_sequence() + 1, Release); }",
        )],
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", LOST), Shuttle("schedules::three_copies")],
    },
];
