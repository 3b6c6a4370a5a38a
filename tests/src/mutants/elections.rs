//! Faults of the election.

use super::Check::{Loom, Process, Step};
use super::Mutant;
use super::weave::{left_out, value};

/// What the scenes say of a second elected handle.
const TWO: &str = "elected";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "elected_beside_the_living",
        breaks: "a handle is elected while the elected one lives",
        patches: &[value("commit/election.rs", "None => «return false»,", "None")],
        checks: &[Loom("elections::one_of_three_is_elected", TWO), Process("elections", "electors_are_killed")],
    },
    Mutant {
        name: "elected_slot_not_held",
        breaks: "the slot of the dead elected handle can be claimed while its word is taken",
        patches: &[value("commit/election.rs", "held => «held»", "{ drop(held); None }")],
        checks: &[Loom("elections::the_elected_handle_dies", TWO)],
    },
    Mutant {
        name: "claim_keeps_the_office",
        breaks: "a new handle that gets the slot of the dead elected one counts as elected",
        patches: &[left_out("commit/recovery.rs", "self.resign(me);")],
        checks: &[Loom("elections::the_elected_handle_dies", "the dead one is elected for ever")],
    },
    Mutant {
        name: "the_dead_stay_elected",
        breaks: "no handle is elected after one that died",
        patches: &[value(
            "commit/election.rs",
            "«word».compare_exchange(seen, me as u32 + 1, AcqRel, Relaxed).is_ok()",
            "{ if seen != 0 { return false } word }",
        )],
        checks: &[Step("elect")],
    },
    Mutant {
        name: "leaving_rings_nothing",
        breaks: "those that wait for the election sleep on when the elected handle has resigned",
        patches: &[left_out("commit/election.rs", "bell.fetch_add(1, Release); wake_all(bell);")],
        checks: &[Loom("elections::a_resignation_rings", super::symptoms::DEADLOCK)],
    },
];
