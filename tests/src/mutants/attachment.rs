//! Faults of getting into a region, and of leaving it.

use super::Check::{Process, Step, Unit};
use super::weave::{before, left_out, value};
use super::{Harmless, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    // Getting in.
    Mutant {
        name: "memory_survives_restarts",
        breaks: "a region on a tmpfs is refused in a container with a boot id of its own",
        patches: &[value("region/header.rs", "os::is_memory(path, file)?", "false")],
        checks: &[Process("boot", "a_region_in_memory_is_never_from_before_a_restart")],
    },
    Mutant {
        name: "live_regions_are_refused",
        breaks: "a region that another process has open counts as one from before the restart",
        patches: &[value("region/header.rs", "if «used» {", "false")],
        checks: &[Process("boot", "a_live_region_under_another_boot_id_is_opened")],
    },
    Mutant {
        name: "holes_are_read_in_the_mapping",
        breaks: "a process that only looks takes memory, or dies where there is none",
        patches: &[value("region/holes.rs", "data >= bytes.end - bytes.start", "true")],
        checks: &[Process("read_only", "a_sparse_copy_takes_no_memory_to_look_at")],
    },
    Mutant {
        name: "state_not_validated",
        breaks: "the first handle does not look at the state",
        patches: &[value("region/population.rs", "let Some(state) = «state» else", "None")],
        checks: &[Process("corrupt", "invalid_content")],
    },
    Mutant {
        name: "ready_not_asked",
        breaks: "a later handle does not ask whether the state was checked",
        patches: &[value("region/population.rs", "ready.load(Acquire) == 1", "true")],
        checks: &[Process("edges", "no_process_attaches_before_the_state_is_validated")],
    },
    Mutant {
        name: "reset_keeps_the_word",
        breaks: "a lock outlives the population",
        patches: &[left_out("commit/recovery.rs", "self.control.lock.word.store(0, Relaxed);")],
        checks: &[Process("corrupt", "all_handles_dead_and_everything_volatile_is_noise")],
    },
    Mutant {
        name: "reset_believes_copies",
        breaks: "copies that were not checked count as whole",
        patches: &[before(
            "commit/recovery.rs",
            "line.sequence.store(if k == active",
            "if k != active { self.mark_caught_up(line); continue; }",
        )],
        checks: &[Step("attach-first")],
    },
    Mutant {
        name: "name_not_looked_at_again",
        breaks: "a handle stays in a region that has lost its name meanwhile",
        patches: &[value("region/attach.rs", "Ok(«is_current».then_some(region))", "true")],
        checks: &[Process("race", "the_name_decides_when_somebody_gets_in_late")],
    },
    Mutant {
        name: "slots_tried_in_turn",
        breaks: "a new handle tries the slots of all others",
        patches: &[value("region/claim.rs", "if «used <= FEW» { (used, 0) }", "true")],
        checks: &[Unit("region::claim::tests::few_slots_are_tried_beside_many_that_are_taken")],
    },
    Mutant {
        name: "namespaces_are_all_one",
        breaks: "a process of another PID namespace is named as one of this",
        patches: &[value("region/claim.rs", "mine != 0 && namespace != 0 && namespace != mine", "false")],
        checks: &[Process("machine", "a_process_of_another_pid_namespace_is_named_as_such")],
    },
    // Leaving.
    Mutant {
        name: "handle_keeps_its_slot",
        breaks: "a slot is not given back",
        patches: &[value("region/attached.rs", "if «self.fork_guard.is_current()» { drop(mapping)", "false")],
        checks: &[
            Process("edges", "a_clone_does_not_hold_the_handle_that_it_was_made_from"),
            Process("errors", "busy_because_all_handles_are_taken"),
        ],
    },
];

pub(super) const HARMLESS: &[Harmless] = &[Harmless {
    name: "reset_keeps_pins",
    why: "a slot is scanned only once it has been claimed, and the claim clears its pins",
    patches: &[left_out("commit/recovery.rs", "self.clear_pins(slot);")],
    checks: &[Process("corrupt", "all_handles_dead_and_everything_volatile_is_noise"), Step("attach-first")],
}];
