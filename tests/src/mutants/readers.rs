//! Faults of reading, and of the list of readers.

use super::Check::{Loom, Process, Shuttle, Step};
use super::Mutant;
use super::symptoms::{RACE, TORN};
use super::weave::{before, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    // Reading.
    Mutant {
        name: "second_look_left_out",
        breaks: "a reader does not look again",
        patches: &[
            value("commit/pins.rs", "listed && now == copy", "listed"),
            value("commit/pins.rs", "if «now == copy»", "true"),
        ],
        checks: &[Loom("readers::two_copies_the_owner", RACE), Shuttle("schedules::few_switches")],
    },
    Mutant {
        name: "pin_of_a_miss_stays",
        breaks: "a reader that looked again keeps its first pin",
        patches: &[value("commit/pins.rs", "if «reader == Reader::Guest» { slot.pins[copy]", "false")],
        checks: &[Loom("readers::two_copies_one_reader", "a pin is left")],
    },
    Mutant {
        name: "optimistic_read_looks_once",
        breaks: "an optimistic read does not look again",
        patches: &[value("commit/optimistic.rs", "same || self.published_relaxed() == before", "true")],
        checks: &[Loom("optimistic::two_copies_one_reader", TORN)],
    },
    Mutant {
        name: "rolled_back_counts_as_a_version",
        breaks: "the sequence of a copy in which an update was rolled back says that it holds a version",
        patches: &[value("commit/transaction.rs", "line.odd_sequence().wrapping_add(«LAGS»)", "WHOLE")],
        checks: &[Loom("optimistic::two_copies_a_roll_back", "an optimistic reader saw what was rolled back")],
    },
    Mutant {
        name: "load_keeps_what_is_torn",
        breaks: "a load takes what it has seen of a copy that was written meanwhile",
        patches: &[value("commit/optimistic.rs", "if «unchanged» { Ok(found) }", "true")],
        checks: &[Loom("optimistic::three_copies_a_load", TORN)],
    },
    Mutant {
        name: "version_beside_the_data",
        breaks: "the version that comes with a read is the newest one, and not that of the copy that was read",
        patches: &[value(
            "commit/shared.rs",
            "self.copies.get(k).map_or(0, |line| line.synced.load(Relaxed))",
            "{ let _ = k; self.published_relaxed().version }",
        )],
        checks: &[Process("versions", "reads_and_snapshots"), Process("versions", "loads")],
    },
    // The list of readers.
    Mutant {
        name: "reader_not_listed",
        breaks: "a reader's slot is not listed",
        patches: &[left_out("commit/readers.rs", "self.listed.add(me);")],
        checks: &[Loom("readers::two_copies_one_reader", RACE), Shuttle("schedules::two_copies"), Step("read")],
    },
    Mutant {
        name: "listed_before_its_bit",
        breaks: "a reader says that its slot is listed, then lists it",
        patches: &[before("commit/readers.rs", "self.listed.add(me);", "self.slots[me].listed.store(1, Release);")],
        checks: &[Loom("readers::two_threads_come", RACE)],
    },
    Mutant {
        name: "sweep_looks_once",
        breaks: "a slot is taken off the list although its reader has come back",
        patches: &[value("commit/readers.rs", "line.is_pinned() || line.listed.load(Relaxed) != 0", "false")],
        checks: &[Loom("sweeps::an_owner_comes_back", RACE), Loom("sweeps::a_guest_comes_back", RACE)],
    },
    Mutant {
        name: "summary_looked_at_once",
        breaks: "a word is taken out of the summary although another reader has come",
        patches: &[value("commit/listed.rs", "self.bits[word].load(Relaxed) != 0", "false")],
        checks: &[Loom("sweeps::another_comes", RACE)],
    },
    Mutant {
        name: "dead_sweep_stays",
        breaks: "what a dead writer has taken off the list stays off",
        patches: &[left_out("commit/readers.rs", "(0..used).for_each(|slot| self.listed.add(slot));")],
        checks: &[Loom("sweeps::a_sweep_dies", RACE), Step("claim")],
    },
];
