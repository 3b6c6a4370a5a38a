//! Faults of moving a state to a new region, and of following it.

use super::Check::{Loom, Process, Shuttle, Unit};
use super::Mutant;
use super::symptoms::UNSERVED;
use super::weave::{left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "dead_replacer_has_always_replaced",
        breaks: "what a dead replacer has marked is retired although it has its name",
        patches: &[value("commit/service.rs", "if «has_its_name()?» {", "false")],
        checks: &[
            Loom("replacements::no_commit_dies_with_a_replacer", UNSERVED),
            Shuttle("successions::a_state_moves_among_two_copies"),
        ],
    },
    Mutant {
        name: "retired_region_replaced_again",
        breaks: "a retired region with another name is in service again while it is replaced",
        patches: &[value("commit/service.rs", "if «active.service() == Service::Retired» {", "false")],
        checks: &[Process("reopen", "a_retired_region_with_a_name_is_not_moved")],
    },
    Mutant {
        name: "successor_of_an_empty_state",
        breaks: "a state that is moved begins as a new one",
        patches: &[left_out("state/recreate.rs", "state.copy_from_slice(current.bytes);")],
        checks: &[Process("recreate", "no_update_is_lost_between_regions")],
    },
    Mutant {
        name: "versions_begin_anew",
        breaks: "a state that is moved begins with version 0",
        patches: &[value("region/succession.rs", "current.version + 1", "0")],
        checks: &[Process("reopen", "what_is_said_changes_and_what_is_not_said_stays")],
    },
    Mutant {
        name: "mode_not_taken_over",
        breaks: "a region that is moved gets the mode of a new one",
        patches: &[value("region/succession.rs", "mode.unwrap_or(«rights.mode»)", "0o600")],
        checks: &[Process("reopen", "what_is_said_changes_and_what_is_not_said_stays")],
    },
    Mutant {
        name: "owner_not_taken_over",
        breaks: "a region that is moved belongs to the user of the process that does it",
        patches: &[left_out("region/succession.rs", "new.give_to(region_path, rights, access)?;")],
        checks: &[Process("reopen", "the_new_file_belongs_to_the_same_user")],
    },
    Mutant {
        name: "child_unlocks_the_replaced_region",
        breaks: "a child that was forked while a successor is filled releases its parent's lock",
        patches: &[value("region/service.rs", "if «self.0.is_mine()» {", "true")],
        checks: &[Unit("state::recreate::tests::what_fills_the_new_region_may_fail_panic_and_fork")],
    },
    Mutant {
        name: "child_replaces_for_its_parent",
        breaks: "a child that was forked while a successor is filled gives it the name",
        patches: &[left_out("region/service.rs", "«self.check()?;» Ok(made)")],
        checks: &[Unit("state::recreate::tests::what_fills_the_new_region_may_fail_panic_and_fork")],
    },
    Mutant {
        name: "filling_waits_for_itself",
        breaks: "an update in what fills a successor waits for the lock of its own thread",
        patches: &[value(
            "region/service.rs",
            "let made = «Frame::new(self.key().numbers()).enter_locked(|| make(current))»?;",
            "make(current)",
        )],
        checks: &[Unit("state::recreate::tests::what_fills_the_new_region_may_fail_panic_and_fork")],
    },
    Mutant {
        name: "migration_waits_for_itself",
        breaks: "a wait for a version in the migration of the same region waits until its time is up",
        patches: &[value(
            "region/service.rs",
            "let made = «Frame::new(self.key().numbers()).enter_locked(|| make(current))»?;",
            "Frame::new(self.key().numbers()).enter(|| make(current))",
        )],
        checks: &[Process("migration_chains", "a_migration_that_would_wait_for_itself_is_told_so")],
    },
    Mutant {
        name: "child_keeps_its_parents_handle",
        breaks: "`reopen` in a forked child takes the parent's handle for a good one",
        patches: &[value("state/reopen.rs", "if «mine» && region", "true")],
        checks: &[Process("reopen", "a_child_gets_a_handle_of_its_own")],
    },
    Mutant {
        name: "retired_region_counts_as_current",
        breaks: "`reopen` is content with a retired region that has another name",
        patches: &[value("state/reopen.rs", "region.is_current()? && «region.is_in_service()?»", "true")],
        checks: &[Process("reopen", "a_retired_region_with_a_name_is_not_moved")],
    },
];
