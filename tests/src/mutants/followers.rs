//! Faults of followers.

use super::Check::{Loom, Process, Unit};
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
        patches: &[left_out("commit/followers.rs", "«fence_acquire();» self.control.active.log_end")],
        checks: &[Loom("followers::an_entry_is_overwritten", OTHER)],
    },
    Mutant {
        name: "P4",
        breaks: "no fence between a copy's page bits and the second look at its sequence",
        patches: &[left_out("commit/followers.rs", "«fence_acquire();» line.sequence.load(Relaxed) == sequence")],
        checks: &[Loom("followers::updates_that_mark_pages", OTHER)],
    },
    Mutant {
        name: "W8",
        breaks: "the position of a copy whose entries went to its page bits, Relaxed",
        patches: &[value("commit/log.rs", "store(position.wrapping_add(moved), «Release»)", "Relaxed")],
        checks: &[Loom("followers::entries_go_to_the_bits_of_a_copy_that_is_kept", OTHER)],
    },
    Mutant {
        name: "lacking_copy_is_written",
        breaks: "a follower does not look whether a copy was written while it read what that lacks",
        patches: &[value("commit/followers.rs", "«line.sequence.load(Relaxed) == sequence» }", "true")],
        checks: &[Loom("followers::updates_that_mark_pages", OTHER)],
    },
    Mutant {
        name: "lacking_copy_was_rolled_back",
        breaks: "a follower believes that a copy which was rolled back holds the version that it had before",
        patches: &[value("commit/followers.rs", "«!sequence.is_multiple_of(4)» || version", "sequence % 2 == 1")],
        checks: &[Loom("followers::updates_that_mark_pages", OTHER)],
    },
    Mutant {
        name: "lacking_copy_is_newer",
        breaks: "a follower takes what a newer copy than its own lacks",
        patches: &[value("commit/followers.rs", "«version > from.version» ||", "false")],
        checks: &[Loom("followers::updates_that_mark_pages", OTHER)],
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
            "self.control.active.log_end.load(Relaxed).wrapping_sub(first) <= most",
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
        patches: &[left_out("commit/transaction.rs", "self.control.active.spilled.store(next, Relaxed);")],
        checks: &[Unit("state::relocation::large")],
    },
    Mutant {
        name: "log_begins_at_0",
        breaks: "the first handle of a population counts the entries of the log from 0 again",
        patches: &[value("commit/log.rs", "end.wrapping_add(2 * self.log.len() as u64)", "0 * end")],
        checks: &[Process("followers", "a_follower_outlives_all_handles")],
    },
    Mutant {
        name: "heads_compared",
        breaks: "a follower that compares everything takes what means nothing in the heads of containers for a change",
        patches: &[value("follow/change.rs", "let Some(end) = «layout.end_of_meaningless(at)» else", "None")],
        checks: &[Process("followers", "a_slow_follower_finds_what_differs")],
    },
    Mutant {
        name: "equal_items_not_written",
        breaks: "a change does not name what became an item where the follower had the same bytes",
        patches: &[value("layout/plain.rs", "«capacity.min(both(start))»", "capacity")],
        checks: &[Process("applied", "what_meant_nothing_before_is_taken_over")],
    },
    Mutant {
        name: "written_in_parts",
        breaks: "a change names the bytes of an enum that differ, and not all of it",
        patches: &[value("follow/change.rs", "take_while(|whole| «whole.start < range.end»).cloned()", "false")],
        checks: &[Process("applied", "what_meant_nothing_before_is_taken_over")],
    },
    Mutant {
        name: "rest_not_compared",
        breaks: "a follower that compares everything does not look past the last plain field",
        patches: &[value("follow/change.rs", "chain([«end..end»])", "start..start")],
        checks: &[Process("followers", "updates_of_many_places_are_taken_over_by_pages")],
    },
    Mutant {
        name: "touched_not_validated",
        breaks: "a follower without a pin takes over what is no value",
        patches: &[value("follow/unpinned.rs", "if «T::CHECKED» {", "false")],
        checks: &[Process("followers", "a_read_only_follower_refuses_what_is_no_value")],
    },
    Mutant {
        name: "grown_not_validated",
        breaks: "items that have become live are not validated where they have not changed",
        patches: &[value("containers/slots.rs", "let live = «before.min(len.get())»;", "len.get()")],
        checks: &[Unit("layout::touched::tests::what_has_not_changed_is_as_valid_as_before")],
    },
    Mutant {
        name: "unpinned_not_looked_again",
        breaks: "a follower without a pin believes what was copied while a writer wrote it",
        patches: &[value(
            "follow/unpinned.rs",
            "found.filter(|found| «version == Some(found.at.version)»)",
            "version.is_none_or(|version| version == found.at.version)",
        )],
        checks: &[Process("followers", "writers_are_killed")],
    },
    Mutant {
        name: "watch_without_a_pin_is_not_overrun",
        breaks: "a watch of a read-only handle takes an overrun of the log for nothing",
        patches: &[value("follow/watch.rs", "«!is_known» || self.entries", "false")],
        checks: &[Process("watches", "a_read_only_handle_watches_a_part")],
    },
    Mutant {
        name: "watch_without_a_pin_sees_no_plain_field",
        breaks: "a watch of a read-only handle looks at the log alone",
        patches: &[value("follow/watch.rs", "Ok(«differs» || self.may_be_marked", "differs && false")],
        checks: &[Process("watches", "a_read_only_handle_watches_a_part")],
    },
];
