//! Faults around files: making regions, getting in, leaving, forking, removing.

use super::Check::{Process, Step, Unit};
use super::{Harmless, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    // Making a region.
    Mutant {
        name: "named_before_it_is_filled",
        breaks: "a file gets its name, then its content",
        checks: &[Process("race", "one_of_eight_creates_and_all_get_the_same")],
    },
    Mutant {
        name: "name_is_taken_from_another",
        breaks: "a file takes the name of one that is there",
        checks: &[Process("race", "one_of_eight_creates_and_all_get_the_same")],
    },
    Mutant {
        name: "attached_after_the_name",
        breaks: "a region gets its name although its creator cannot attach",
        checks: &[Process("edges", "a_creator_that_cannot_attach_leaves_no_name")],
    },
    Mutant {
        name: "room_not_reserved",
        breaks: "a file has the length, and not the room",
        checks: &[Process("edges", "holes_are_filled_before_they_can_hurt")],
    },
    Mutant {
        name: "limits_not_asked",
        breaks: "room is reserved although it is not there, until the kernel kills processes",
        checks: &[Process("room", "a_region_that_is_larger_than_the_memory_of_a_control_group_is_refused")],
    },
    Mutant {
        name: "blocks_past_the_end_count",
        breaks: "a file with blocks behind a region counts as whole",
        checks: &[Unit("os::file::reserve::tests::blocks_past_the_end_are_no_room")],
    },
    Mutant {
        name: "pieces_stay_large",
        breaks: "a creation that is interrupted begins the same piece anew for ever",
        checks: &[
            Unit("os::file::reserve::tests::interrupted_pieces_get_smaller_and_then_larger_again"),
            Process("room", "a_process_with_a_profilers_timer_can_create_a_region"),
        ],
    },
    Mutant {
        name: "creators_take_no_turns",
        breaks: "processes that create the same region each reserve one of their own",
        checks: &[Process("room", "workers_that_start_together_all_get_in")],
    },
    Mutant {
        name: "caller_chooses_the_directory",
        breaks: "a set-user-id program makes files where its caller wants",
        checks: &[Process("credentials", "a_set_user_id_program_ignores_its_callers_directory")],
    },
    Mutant {
        name: "directory_mode_left_to_umask",
        breaks: "a umask keeps a user out of the own directory",
        checks: &[Process("credentials", "a_umask_does_not_keep_a_user_out_of_the_own_directory")],
    },
    Mutant {
        name: "layers_are_not_told_apart",
        breaks: "a read-only handle looks at a region in a lower layer of overlayfs, for ever",
        checks: &[Process(
            "file_systems",
            "a_region_in_a_lower_layer_is_not_looked_at_and_one_in_the_upper_layer_is_like_any_other",
        )],
    },
    Mutant {
        name: "living_are_swept",
        breaks: "the temporary name of a living creator is taken away",
        checks: &[Unit("os::file::create::tests::a_temporary_name_is_swept_once_its_creator_is_gone")],
    },
    Mutant {
        name: "dead_are_not_swept",
        breaks: "the temporary name of a dead creator stays",
        checks: &[Unit("os::file::create::tests::a_temporary_name_is_swept_once_its_creator_is_gone")],
    },
    // Getting in.
    Mutant {
        name: "memory_survives_restarts",
        breaks: "a region on a tmpfs is refused in a container with a boot id of its own",
        checks: &[Process("boot", "a_region_in_memory_is_never_from_before_a_restart")],
    },
    Mutant {
        name: "live_regions_are_refused",
        breaks: "a region that another process has open counts as one from before the restart",
        checks: &[Process("boot", "a_live_region_under_another_boot_id_is_opened")],
    },
    Mutant {
        name: "holes_are_read_in_the_mapping",
        breaks: "a process that only looks takes memory, or dies where there is none",
        checks: &[Process("read_only", "a_sparse_copy_takes_no_memory_to_look_at")],
    },
    Mutant {
        name: "state_not_validated",
        breaks: "the first handle does not look at the state",
        checks: &[Process("corrupt", "invalid_content")],
    },
    Mutant {
        name: "ready_not_asked",
        breaks: "who comes later does not ask whether somebody has looked at the state",
        checks: &[Process("edges", "nobody_gets_in_before_the_state_was_looked_at")],
    },
    Mutant {
        name: "reset_keeps_the_word",
        breaks: "a lock outlives the population",
        checks: &[Process("corrupt", "all_handles_dead_and_everything_volatile_is_noise")],
    },
    Mutant {
        name: "reset_believes_copies",
        breaks: "copies that nobody has looked at count as whole",
        checks: &[Step("attach-first")],
    },
    Mutant {
        name: "name_not_looked_at_again",
        breaks: "a handle stays in a region that has lost its name meanwhile",
        checks: &[Process("race", "the_name_decides_when_somebody_gets_in_late")],
    },
    Mutant {
        name: "slots_tried_in_turn",
        breaks: "a new handle tries the slots of all others",
        checks: &[Unit("region::claim::tests::few_slots_are_tried_beside_many_that_are_taken")],
    },
    Mutant {
        name: "namespaces_are_all_one",
        breaks: "a process of another PID namespace is named as one of this",
        checks: &[Process("machine", "a_process_of_another_pid_namespace_is_named_as_such")],
    },
    // Leaving.
    Mutant {
        name: "handle_keeps_its_slot",
        breaks: "a slot is not given back",
        checks: &[
            Process("edges", "a_clone_does_not_hold_the_handle_that_it_was_made_from"),
            Process("errors", "busy_because_all_handles_are_taken"),
        ],
    },
    // Descriptors.
    Mutant {
        name: "standard_descriptors_are_taken",
        breaks: "a region gets the number of a standard descriptor that the program has closed",
        checks: &[Process("descriptors", "what_a_daemon_prints_goes_nowhere")],
    },
    Mutant {
        name: "numbers_are_believed",
        breaks: "a number is taken for the region's descriptor although the program has closed that",
        checks: &[
            Unit("os::registered::tests::a_number_that_is_the_programs_by_now_is_left_alone"),
            Process("descriptors", "descriptors_that_the_program_has_replaced_are_its_own"),
        ],
    },
    Mutant {
        name: "lock_of_whatever_has_the_number",
        breaks: "a lock counts although another thread has put the program's file under the number: the living are dead",
        checks: &[Unit("os::liveness::tests::a_lock_on_a_file_of_the_programs_says_nothing")],
    },
    Mutant {
        name: "file_of_a_number_is_believed",
        breaks: "the file that a number has after the library opened another one is taken for the region's",
        checks: &[
            Unit("os::registered::tests::a_number_that_was_replaced_before_it_was_registered_is_left_alone"),
            Unit("os::liveness::tests::another_file_under_the_number_is_not_opened_again"),
        ],
    },
    Mutant {
        name: "replaced_file_is_judged",
        breaks: "a region is called damaged because of the program's file, which has the number of the descriptor",
        checks: &[Unit("region::tests::a_file_of_the_programs_is_no_damaged_region")],
    },
    Mutant {
        name: "descriptor_of_the_locks_is_kept",
        breaks: "a raw clone inherits the description that holds the locks",
        checks: &[
            Process("fork", "no_child_keeps_a_descriptor"),
            Process("fork", "a_raw_clone_does_not_keep_its_dead_parents_lock"),
        ],
    },
    Mutant {
        name: "lost_descriptor_stays_lost",
        breaks: "a process that has closed its descriptors finds nobody dead any more",
        checks: &[Process("descriptors", "a_process_without_descriptors_finds_the_dead")],
    },
    // Forking.
    Mutant {
        name: "fork_unnoticed",
        breaks: "a child takes itself for its parent",
        checks: &[Process("fork", "a_handle_says_that_it_was_made_before_the_fork")],
    },
    Mutant {
        name: "dropped_in_a_child",
        breaks: "a child gives its parent's slot back",
        checks: &[Process("fork", "a_handle_dropped_in_a_child_does_nothing_to_the_parent")],
    },
    Mutant {
        name: "child_keeps_the_descriptors",
        breaks: "a child keeps its parent's descriptors",
        checks: &[Process("fork", "no_child_keeps_a_descriptor")],
    },
    Mutant {
        name: "descriptors_survive_exec",
        breaks: "another program that a process starts keeps it alive",
        checks: &[Process("fork", "no_child_keeps_a_descriptor")],
    },
    Mutant {
        name: "child_inherits_the_mapping",
        breaks: "a mapping that a child inherits keeps its dead parent alive",
        checks: &[Process("fork", "a_child_does_not_keep_its_dead_parents_pins")],
    },
    // Removing and replacing.
    Mutant {
        name: "removal_of_whatever_has_the_name",
        breaks: "another region is removed than the one whose name is locked",
        checks: &[Process("replace", "one_process_at_a_time_changes_where_a_name_leads")],
    },
    Mutant {
        name: "name_not_locked",
        breaks: "a region is replaced or removed while another process is at it",
        checks: &[Process("replace", "one_process_at_a_time_changes_where_a_name_leads")],
    },
    Mutant {
        name: "verdict_on_another_file",
        breaks: "the region that another process has just put in the place of the old one is replaced as well",
        checks: &[Process("replace", "of_several_at_once_one_replaces_it")],
    },
    Mutant {
        name: "replacement_without_the_lock",
        breaks: "a region is replaced in the midst of an update",
        checks: &[Process("replace", "a_replacement_waits_for_the_update_that_runs")],
    },
    Mutant {
        name: "replacement_in_an_update",
        breaks: "a replacement waits for the update that it is called in",
        checks: &[Process("replace", "a_replacement_waits_for_the_update_that_runs")],
    },
    Mutant {
        name: "replaced_in_two_steps",
        breaks: "for a moment the name leads nowhere",
        checks: &[Process("replace", "a_replacer_is_killed_at_each_system_call")],
    },
    Mutant {
        name: "old_region_not_marked_before_the_name",
        breaks: "the old region does not know that another one has its name, if the replacer dies then",
        checks: &[Process("replace", "a_replacer_is_killed_at_each_system_call")],
    },
    Mutant {
        name: "old_region_retired_before_the_name",
        breaks: "no region is in service if the replacer dies before the name changes",
        checks: &[Process("replace", "a_replacer_is_killed_at_each_system_call")],
    },
];

pub(super) const HARMLESS: &[Harmless] = &[
    Harmless {
        name: "reset_keeps_pins",
        why: "a slot is scanned only once it has been claimed, and whoever claims it clears its pins",
        checks: &[Process("corrupt", "all_handles_dead_and_everything_volatile_is_noise"), Step("attach-first")],
    },
    Harmless {
        name: "old_region_not_retired",
        why: "a region that is marked as leaving asks its name, each time anew",
        checks: &[Process("replace", "every_handle_on_the_old_region_is_told")],
    },
];
