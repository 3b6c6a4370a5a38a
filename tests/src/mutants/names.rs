//! Faults of removing and replacing a region.

use super::Check::{Loom, Process, Shuttle, Step};
use super::symptoms::{LEFT_BEHIND, RACE, STUCK, UNSERVED};
use super::weave::{before, left_out, value};
use super::{Harmless, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    // The marks of a region that is being replaced.
    Mutant {
        name: "leaving_not_marked",
        breaks: "a region is replaced without a mark before the name moves",
        patches: &[left_out("commit/service.rs", "self.publish_service(LEAVING);")],
        checks: &[
            Loom("replacements::a_replacer_dies", "is wrong about the service"),
            Loom("replacements::no_commit_dies_with_a_replacer", LEFT_BEHIND),
            Shuttle("successions::a_state_moves_among_two_copies"),
        ],
    },
    Mutant {
        name: "mark_stays",
        breaks: "a region that keeps its name keeps the mark as well",
        patches: &[left_out("commit/service.rs", "self.publish_service(0);")],
        checks: &[Loom("replacements::a_reader_goes_by_the_mark", STUCK)],
    },
    Mutant {
        name: "marked_copy_is_pinned_once",
        breaks: "a reader of a marked region does not look again whether the copy is the active one",
        patches: &[value("commit/pins.rs", "now & !flags == copy", "true")],
        checks: &[Loom("replacements::a_reader_goes_by_the_mark", RACE)],
    },
    Mutant {
        name: "marked_copy_without_its_slot_listed",
        breaks: "a reader of a marked region does not list its slot",
        patches: &[left_out(
            "commit/pins.rs",
            "slot.pin(copy, Reader::Guest); «if !slot.is_listed() { self.list(me); }»",
        )],
        checks: &[Loom("replacements::a_reader_of_a_marked_region_lists_its_slot", RACE)],
    },
    Mutant {
        name: "removal_of_whatever_has_the_name",
        breaks: "another region is removed than the one whose name is locked",
        patches: &[value("os/name_lock.rs", "region_path.now()? == Some(key(path, file)?)", "true")],
        checks: &[Process("replace", "one_process_at_a_time_changes_where_a_name_leads")],
    },
    Mutant {
        name: "init_waits_for_itself",
        breaks: "`open_or_replace` in the `init` of the same name waits for the name that its own thread has locked",
        patches: &[value("os/making.rs", "NAMES.with_borrow(|names| names.contains(&name))", "false")],
        checks: &[Process("edges", "init_does_not_wait_for_itself")],
    },
    Mutant {
        name: "name_not_locked",
        breaks: "a region is replaced or removed while another process is at it",
        patches: &[value(
            "os/name_lock.rs",
            r#"!lock.try_lock().map_err(|e| Error::io(path, "lock", e))?"#,
            r#"lock.try_lock().map_err(|e| Error::io(path, "lock", e))?; false"#,
        )],
        checks: &[Process("replace", "one_process_at_a_time_changes_where_a_name_leads")],
    },
    Mutant {
        name: "verdict_on_another_file",
        breaks: "the region that another process has just made instead of the old one is replaced as well",
        patches: &[value(
            "state/replace.rs",
            "match «Self::open_if_there(&region_path, terms, clock)» { Err(e) if is_replaced(e.kind()) => e,",
            "Err(e)",
        )],
        checks: &[Process("replace", "of_several_at_once_one_replaces_it")],
    },
    Mutant {
        name: "replacement_without_the_lock",
        breaks: "a region is replaced in the midst of an update",
        patches: &[before(
            "region/service.rs",
            "let _ = self.shared().lock(self.slot(), self.os(), clock)",
            "return Ok(f());",
        )],
        checks: &[
            Process("replace", "a_replacement_waits_for_the_update_that_runs"),
            Process("recreate", "no_update_is_lost_between_regions"),
        ],
    },
    Mutant {
        name: "replacement_in_an_update",
        breaks: "a replacement waits for the update that it is called in",
        patches: &[value("region/service.rs", "if «Frame::is_written(self.key().numbers())» {", "false")],
        checks: &[Process("replace", "a_replacement_waits_for_the_update_that_runs")],
    },
    Mutant {
        name: "replaced_in_two_steps",
        breaks: "for a moment the name leads nowhere",
        patches: &[before(
            "os/file/replace.rs",
            "renameat(&temporary.dir",
            "let _ = rustix::fs::unlinkat(&region_path.dir, &region_path.name, rustix::fs::AtFlags::empty());",
        )],
        checks: &[Process("replacers", "a_replacer_is_killed_at_each_system_call")],
    },
    Mutant {
        name: "old_region_not_marked_before_the_name",
        breaks: "the old region does not know that another one has its name, if the replacer dies then",
        patches: &[left_out("commit/service.rs", "self.publish_service(LEAVING);")],
        checks: &[Process("replacers", "a_replacer_is_killed_at_each_system_call")],
    },
    Mutant {
        name: "old_region_retired_before_the_name",
        breaks: "no region is in service if the replacer dies before the name changes",
        patches: &[before(
            "commit/service.rs",
            "if let Err(error) = take_name(&mut successor)",
            "self.publish_service(RETIRED);",
        )],
        checks: &[
            Loom("replacements::no_commit_dies_with_a_replacer", UNSERVED),
            Step("recreate"),
            Process("replacers", "a_replacer_is_killed_at_each_system_call"),
        ],
    },
];

pub(super) const HARMLESS: &[Harmless] = &[Harmless {
    name: "old_region_not_retired",
    why: "a region that is marked as leaving asks its name, each time anew",
    patches: &[left_out("commit/service.rs", "«self.publish_service(RETIRED);» Ok(Some(successor))")],
    checks: &[Process("replace", "every_handle_on_the_old_region_is_out_of_service")],
}];
