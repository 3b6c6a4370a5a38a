//! Faults of descriptors, and of forking.

use super::Check::{Process, Unit};
use super::Mutant;
use super::weave::{before, instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    // Descriptors.
    Mutant {
        name: "standard_descriptors_are_taken",
        breaks: "a region gets the number of a standard descriptor that the program has closed",
        patches: &[
            left_out("os/descriptors.rs", "placeholders.fill()?;"),
            value("os/descriptors.rs", "if «file.as_raw_fd() < FIRST» {", "false"),
        ],
        checks: &[Process("descriptors", "what_a_daemon_prints_goes_nowhere")],
    },
    Mutant {
        name: "files_are_made_in_the_common_table",
        breaks: "a new file is cut to its length under a number that another thread has given to the program's file",
        patches: &[before("os/own_table.rs", "let ((made, result), (done, is_done))", "return None;")],
        checks: &[Process("thief", "nothing_of_the_programs_is_harmed_by_anonymous")],
    },
    Mutant {
        name: "file_alone_is_compared",
        breaks: "the program's own descriptor of the region's file is taken for the library's",
        patches: &[value("os/descriptors.rs", "same_opening && same_flags()", "true")],
        checks: &[Unit("os::registered::tests::a_number_that_is_the_programs_by_now_is_left_alone")],
    },
    Mutant {
        name: "numbers_are_believed",
        breaks: "a number is taken for the region's descriptor although the program has closed that",
        patches: &[before("os/descriptors.rs", "let (last, mine) = (self.last_opening()", "return true;")],
        checks: &[
            Unit("os::registered::tests::a_number_that_is_the_programs_by_now_is_left_alone"),
            Process("descriptors", "descriptors_that_the_program_has_replaced_are_its_own"),
        ],
    },
    Mutant {
        name: "lock_of_whatever_has_the_number",
        breaks: "a lock counts although another thread has put the program's file under the number: the living are dead",
        patches: &[instead("os/liveness.rs", "let _ = fd.get().map_err(|_| replaced())?;", "")],
        checks: &[Unit("os::liveness::tests::a_lock_on_a_file_of_the_programs_says_nothing")],
    },
    Mutant {
        name: "file_of_a_number_is_believed",
        breaks: "the file that a number has after the library opened another one is taken for the region's",
        patches: &[
            value("os/registered.rs", "mark.key() != Some(key) || !mark.is_ours()", "false"),
            value("os/origin.rs", "(Ok(file), _) if «is_of(fd, key)» =>", "true"),
        ],
        checks: &[
            Unit("os::registered::tests::a_number_that_was_replaced_before_it_was_registered_is_left_alone"),
            Unit("os::liveness::tests::another_file_under_the_number_is_not_opened_again"),
        ],
    },
    Mutant {
        name: "replaced_file_is_judged",
        breaks: "a region is called damaged because of the program's file, which has the number of the descriptor",
        patches: &[value("os/file/mod.rs", "if «is_of(fd, key)» { Ok(()) }", "true")],
        checks: &[Unit("region::tests::a_file_of_the_programs_is_no_damaged_region")],
    },
    Mutant {
        name: "descriptor_of_the_locks_is_kept",
        breaks: "a raw clone inherits the description that holds the locks",
        patches: &[before(
            "os/liveness.rs",
            "let _ = self.file()?; Ok(layered.then_some(self))",
            "std::mem::forget(self); return Ok(None);",
        )],
        checks: &[
            Process("fork", "no_child_keeps_a_descriptor"),
            Process("fork", "a_raw_clone_does_not_keep_its_dead_parents_lock"),
        ],
    },
    Mutant {
        name: "lost_descriptor_stays_lost",
        breaks: "a process that has closed its descriptors finds no handle dead any more",
        patches: &[before("os/probe.rs", "let fd = Registered::open(self.key", "return Err(Errno::BADF.into());")],
        checks: &[Process("descriptors", "a_process_without_descriptors_finds_the_dead")],
    },
    // Forking.
    Mutant {
        name: "fork_unnoticed",
        breaks: "a child takes itself for its parent",
        patches: &[value("os/fork.rs", "unsafe { self.page.as_ref() }.load(Relaxed) == self.number", "true")],
        checks: &[Process("fork", "a_handle_says_that_it_was_made_before_the_fork")],
    },
    Mutant {
        name: "dropped_in_a_child",
        breaks: "a child gives its parent's slot back",
        patches: &[value("region/attached.rs", "if «self.fork_guard.is_current()» { self.shared.clear_pins", "true")],
        checks: &[Process("fork", "a_handle_dropped_in_a_child_does_nothing_to_the_parent")],
    },
    Mutant {
        name: "child_keeps_the_descriptors",
        breaks: "a child keeps its parent's descriptors",
        patches: &[left_out("os/registered.rs", "registry.iter().for_each(Mark::close);")],
        checks: &[Process("fork", "no_child_keeps_a_descriptor")],
    },
    Mutant {
        name: "descriptors_survive_exec",
        breaks: "another program that a process starts keeps it alive",
        patches: &[value("os/origin.rs", "OFlags::DSYNC | «OFlags::CLOEXEC»", "OFlags::empty()")],
        checks: &[Process("fork", "no_child_keeps_a_descriptor")],
    },
    Mutant {
        name: "child_inherits_the_mapping",
        breaks: "a mapping that a child inherits keeps its dead parent alive",
        patches: &[left_out("os/mapping.rs", "map.advise(Advice::DontFork)?;")],
        checks: &[Process("fork", "a_child_does_not_keep_its_dead_parents_pins")],
    },
];
