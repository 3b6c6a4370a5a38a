//! Faults of followers.

use super::Check::{Loom, Unit};
use super::Mutant;
use super::weave::{left_out, value};

/// What a follower is found with.
const OTHER: &str = "a follower has another version's content";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "P2",
        breaks: "no fence between a follower's position and its second look at the active copy",
        patches: &[left_out("commit/followers.rs", "«fence_acquire();» let active")],
        checks: &[Loom("followers::roll_backs_and_walks_that_panic", "no version has this content")],
    },
    Mutant {
        name: "P3",
        breaks: "no fence between the log's entries and its end",
        patches: &[left_out("commit/followers.rs", "«fence_acquire();» self.control")],
        checks: &[Loom("followers::an_entry_is_overwritten", OTHER)],
    },
    Mutant {
        name: "follower_looks_once",
        breaks: "a follower does not look whether its copy is still the active one",
        patches: &[value("commit/followers.rs", "self.published_relaxed().in_service().copy == copy", "true")],
        checks: &[Loom("followers::roll_backs_and_walks_that_panic", "no version has this content")],
    },
    Mutant {
        name: "overrun_not_looked_for",
        breaks: "a follower believes entries that may have been overwritten",
        patches: &[value(
            "commit/followers.rs",
            "self.control.active.log_end.load(Relaxed).wrapping_sub(from.log_position) <= most",
            "true",
        )],
        checks: &[Loom("followers::an_entry_is_overwritten", OTHER)],
    },
    Mutant {
        name: "overrun_by_one_log",
        breaks: "a follower believes every entry that the log's end has not passed by a whole log",
        patches: &[value("commit/followers.rs", "self.log.len().saturating_sub(exact(self.size))", "self.log.len()")],
        checks: &[Loom("followers::an_entry_is_overwritten", "no version has this content")],
    },
    Mutant {
        name: "spilled_unmarked",
        breaks: "a follower is not shown that an update has marked pages",
        patches: &[left_out("commit/transaction.rs", "shared.control.active.spilled.store(next, Relaxed);")],
        checks: &[Unit("state::moves::large")],
    },
];
