//! The orderings: one fault for each row of the table in `commit/mod.rs`.

use super::Check::{Loom, Shuttle, Step, Unit};
use super::Mutant;
use super::symptoms::{HALF, LOST, RACE, TORN};
use super::weave::{before, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "R1",
        breaks: "a reader counts itself in, AcqRel",
        patches: &[
            value("commit/pins.rs", "self.owner.swap(k as u32 | PINNED, «SeqCst»)", "crate::sync::Ordering::AcqRel"),
            value("commit/pins.rs", "self.pins[k].fetch_add(1, «SeqCst»)", "crate::sync::Ordering::AcqRel"),
        ],
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::two_copies_one_reader", RACE)],
    },
    Mutant {
        name: "R2",
        breaks: "a reader's second look, Relaxed",
        patches: &[value("commit/shared.rs", "published.load(«ordering»)", "Relaxed")],
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::three_copies_one_reader", RACE)],
    },
    Mutant {
        name: "R3",
        breaks: "a reader leaves, Relaxed",
        patches: &[
            value("commit/pins.rs", "self.slot.owner.store(0, «Release»)", "Relaxed"),
            value("commit/pins.rs", "self.slot.pins[self.copy].fetch_sub(1, «Release»)", "Relaxed"),
        ],
        checks: &[
            Loom("readers::two_copies_the_owner", RACE),
            Loom("readers::two_copies_one_handle_two_threads", RACE),
        ],
    },
    Mutant {
        name: "W1",
        breaks: "the lock is taken, Relaxed",
        patches: &[
            value("commit/lock.rs", "compare_exchange(0, owner(me), «Acquire», Relaxed)", "Relaxed"),
            value("commit/lock.rs", "compare_exchange(seen, owner(me) | seen | slept, «Acquire», Relaxed)", "Relaxed"),
            value(
                "commit/lock.rs",
                "compare_exchange(seen, owner(me) | WAIT | seen & NOTIFY, «Acquire», Relaxed)",
                "Relaxed",
            ),
            value("commit/lock.rs", "compare_exchange(seen, seen | owner(me), «Acquire», Relaxed)", "Relaxed"),
        ],
        checks: &[Loom("writers::two_writers", LOST)],
    },
    Mutant {
        name: "W2",
        breaks: "no fence between lock and scan",
        patches: &[
            left_out("commit/transaction.rs", "«fence_after_lock();» match self.choose_in_turn(active)"),
            left_out("commit/transaction.rs", "«fence_after_lock();» match self.choose("),
        ],
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::two_copies_one_reader", RACE)],
    },
    Mutant {
        name: "W3",
        breaks: "the scan of the pins, Relaxed",
        patches: &[
            value("commit/pins.rs", "self.pins[k].load(«Acquire»)", "Relaxed"),
            value("commit/pins.rs", "self.owner.load(«Acquire»)", "Relaxed"),
        ],
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::three_copies_one_reader", RACE)],
    },
    Mutant {
        name: "W4",
        breaks: "a version is published, Relaxed",
        patches: &[value(
            "commit/transaction.rs",
            "published.store(Published { version, copy }.pack(), «Release»)",
            "Relaxed",
        )],
        checks: &[Loom("readers::two_copies_one_reader", RACE)],
    },
    Mutant {
        name: "even_before_active",
        breaks: "W5 moved: a commit makes its copy even, then publishes it",
        patches: &[before(
            "commit/transaction.rs",
            "line.synced.store(version, Relaxed);",
            "line.sequence.store(odd.wrapping_add(WHOLE), Release);",
        )],
        checks: &[
            Loom("deaths::the_second_dies_as_well", LOST),
            Unit("state::relocation::deaths::death_at_the_publication"),
            Step("many-spots"),
            Shuttle("schedules::three_copies"),
        ],
    },
    Mutant {
        name: "even_left_out",
        breaks: "W5 left out: a commit leaves its copy odd",
        patches: &[left_out("commit/transaction.rs", "line.sequence.store(odd.wrapping_add(WHOLE), Release);")],
        checks: &[Loom("writers::two_writers", HALF)],
    },
    Mutant {
        name: "W6",
        breaks: "the lock is released, Relaxed",
        patches: &[value("commit/lock.rs", "swap(0, «Release»)", "Relaxed")],
        checks: &[Loom("writers::two_writers", RACE)],
    },
    Mutant {
        name: "W7",
        breaks: "no fence after the odd sequence",
        patches: &[left_out("commit/catch_up.rs", "fence_release(); if size >= STREAMED { fence_streaming(); }")],
        checks: &[Loom("optimistic::two_copies_one_reader", TORN)],
    },
    Mutant {
        name: "P1",
        breaks: "no fence before an optimistic read looks again",
        patches: &[left_out("commit/optimistic.rs", "let found = read(copy); «fence_acquire();»")],
        checks: &[Loom("optimistic::two_copies_one_reader", TORN)],
    },
    Mutant {
        name: "N1",
        breaks: "a reader lists its slot, Relaxed",
        patches: &[
            value("commit/listed.rs", "fetch_or(1 << bit, «SeqCst»)", "Relaxed"),
            value("commit/listed.rs", "fetch_or(1 << (word % 64), «SeqCst»)", "Relaxed"),
        ],
        checks: &[Loom("readers::two_copies_one_reader", RACE), Loom("readers::a_slot_is_claimed_late", RACE)],
    },
    Mutant {
        name: "N2",
        breaks: "a reader asks whether its slot is listed, Relaxed",
        patches: &[value("commit/pins.rs", "self.listed.load(«SeqCst»)", "Relaxed")],
        checks: &[Loom("readers::two_threads_come", RACE)],
    },
    Mutant {
        name: "N3",
        breaks: "no fence between taking a slot off the list and looking again",
        patches: &[left_out("commit/readers.rs", "fence_after_lock();")],
        checks: &[Loom("sweeps::an_owner_comes_back", RACE), Loom("sweeps::a_guest_comes_back", RACE)],
    },
    Mutant {
        name: "N4",
        breaks: "a word is taken out of the summary, Relaxed",
        patches: &[value("commit/listed.rs", "fetch_and(!(1 << (word % 64)), «AcqRel»)", "Relaxed")],
        checks: &[Loom("sweeps::another_comes", RACE)],
    },
];
