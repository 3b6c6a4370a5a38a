//! Faults of reads and updates that last from call to call.

use super::Check::{Loom, Process, Unit};
use super::Mutant;
use super::symptoms::{LOST, RACE};
use super::weave::{instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    // The protocol's part.
    Mutant {
        name: "kept_pin_ends",
        breaks: "a pin that is kept ends at once",
        patches: &[left_out("commit/pins.rs", "std::mem::forget(self);")],
        checks: &[
            Loom("guards::two_copies_a_kept_pin", "a pin is left"),
            Process("dynamic_guards", "a_reading_holds_its_version"),
        ],
    },
    Mutant {
        name: "guard_leaves_relaxed",
        breaks: "a guard leaves its copy, Relaxed",
        patches: &[value("commit/pins.rs", "self.pins[copy].fetch_sub(1, «Release»)", "Relaxed")],
        checks: &[Loom("guards::two_copies_a_kept_pin", RACE), Loom("guards::two_copies_an_abandoned_update", RACE)],
    },
    Mutant {
        name: "abandoned_not_pinned",
        breaks: "an abandoned update does not keep its copy",
        patches: &[left_out("commit/pins.rs", "«slot.pin(copy, Reader::Guest);» let listed = slot.is_listed();")],
        checks: &[
            Loom("guards::three_copies_an_abandoned_update", "a pin is left"),
            Process("dynamic_guards", "an_abandoned_transaction_keeps_its_bytes_to_itself"),
        ],
    },
    Mutant {
        name: "abandoned_not_listed",
        breaks: "an abandoned update keeps its copy in a slot at which no writer looks",
        patches: &[value("commit/pins.rs", "let listed = slot.is_listed(); if «!listed»", "false")],
        checks: &[
            Loom("guards::two_copies_an_abandoned_update", RACE),
            Process("dynamic_guards", "an_abandoned_transaction_keeps_its_bytes_to_itself"),
        ],
    },
    Mutant {
        name: "resumed_before_the_log",
        breaks: "an update that goes on notes what it touched where the log began",
        patches: &[value(
            "commit/transaction.rs",
            "let Suspended { active, copy, odd, log_end } = «suspended»;",
            "Suspended { log_end: 0, ..suspended }",
        )],
        checks: &[
            Loom("guards::two_writers_from_call_to_call", LOST),
            Process("dynamic_guards", "a_transaction_is_all_or_nothing"),
        ],
    },
    Mutant {
        name: "suspended_version_stays",
        breaks: "a running update names the version before it as the one that it makes",
        patches: &[value(
            "commit/transaction.rs",
            "let Published { version, .. } = self.active; «version + 1»",
            "version",
        )],
        checks: &[Process("dynamic_guards", "a_transaction_is_all_or_nothing")],
    },
    // The guards themselves.
    Mutant {
        name: "reading_pins_as_the_owner",
        breaks: "a guard that any thread may drop pins by the word of the handle's owner",
        patches: &[value("dynamic/session.rs", "session.pin(«Reader::Guest»)?.keep()", "Reader::Owner")],
        checks: &[Process("dynamic_guards", "a_reading_holds_its_version")],
    },
    Mutant {
        name: "committed_and_rolled_back",
        breaks: "an update that is committed is rolled back as well",
        patches: &[left_out("dynamic/session.rs", "resume(self.txn), &running.touched); «self.open = false;»")],
        checks: &[Process("dynamic_guards", "a_transaction_is_all_or_nothing")],
    },
    Mutant {
        name: "abandoned_twice",
        breaks: "an abandoned update is rolled back once more, after the lock was released",
        patches: &[left_out("dynamic/session.rs", "fn roll_back(&mut self) { «self.open = false;»")],
        checks: &[Process("dynamic_guards", "an_abandoned_transaction_is_rolled_back_once")],
    },
    Mutant {
        name: "dropped_update_keeps_the_lock",
        breaks: "an update that is dropped is not ended",
        patches: &[value("dynamic/session.rs", "if «self.open && self.session.region.is_mine()»", "false")],
        checks: &[Process("dynamic_guards", "a_transaction_is_all_or_nothing")],
    },
    Mutant {
        name: "guard_waits_as_its_handle",
        breaks: "an update waits as long as its handle says, and not for the time that it was given",
        patches: &[value("dynamic/guards.rs", "timeout.unwrap_or(session.timeout())", "session.timeout()")],
        checks: &[Process("dynamic_guards", "an_update_has_a_timeout_of_its_own")],
    },
    Mutant {
        name: "closed_frame_counts",
        breaks: "a guard that another thread has dropped counts as open on the thread that made it",
        patches: &[value("track/frame/guard.rs", "«self.is_dropped()» || self.inherited.get()", "false")],
        checks: &[Process("dynamic_guards", "another_thread_may_end_a_guard")],
    },
    Mutant {
        name: "closed_frame_stays",
        breaks: "the frame of a guard that another thread has dropped stays for ever",
        patches: &[left_out("track/frame/guard.rs", "sweep();")],
        checks: &[Unit("track::frame::guard::tests::another_thread_may_drop_the_frame_of_a_guard")],
    },
    // What an update leaves out.
    Mutant {
        name: "commit_lacks_what_was_left_out",
        breaks: "an update commits a copy without what it had left out",
        patches: &[left_out("dynamic/session.rs", "region.check()?; «self.bytes.finish();» let running")],
        checks: &[Process("dynamic_deferred", "what_is_left_out_is_there_all_the_same")],
    },
    Mutant {
        name: "rolled_back_lacks_what_was_left_out",
        breaks: "a copy that was rolled back counts as caught up without what the update had left out",
        patches: &[left_out("dynamic/session.rs", "«self.bytes.finish();» self.session.roll_back")],
        checks: &[Process("dynamic_deferred", "what_is_left_out_is_there_all_the_same")],
    },
    Mutant {
        name: "left_out_around_a_write",
        breaks: "a write into a range that was left out takes over what lies before it, and not what lies after it",
        patches: &[value("dynamic/deferred.rs", "(start..range.start, «range.end»..end)", "end")],
        checks: &[Process("dynamic_deferred", "what_is_left_out_is_there_all_the_same")],
    },
    Mutant {
        name: "place_was_left_out",
        breaks: "bytes that are written in part are not taken over before",
        patches: &[left_out("dynamic/deferred.rs", "«self.take_over(self.overlapping(&range));»")],
        checks: &[Process("dynamic_deferred", "what_is_left_out_is_there_all_the_same")],
    },
    Mutant {
        name: "stale_where_left_out",
        breaks: "what was left out is read as the copy has it",
        patches: &[value("dynamic/deferred.rs", "match &self.ranges[«self.overlapping(&range)»]", "0..0")],
        checks: &[Process("dynamic_deferred", "what_is_left_out_is_there_all_the_same")],
    },
    Mutant {
        name: "long_ranges_of_pages_left_out",
        breaks: "what is taken over for a copy that another update will write is left out",
        patches: &[instead(
            "dynamic/session.rs",
            "to[range.clone()].copy_from_slice(&from[range]);",
            "match self.left_out {
                Some(left_out) => left_out.borrow_mut().push(range),
                None => to[range.clone()].copy_from_slice(&from[range]),
            }",
        )],
        checks: &[Process("dynamic_deferred", "what_a_killed_update_has_left_out_is_not_lost")],
    },
    // Children.
    Mutant {
        name: "child_leaves_for_its_parent",
        breaks: "a child that drops a guard of its parent leaves the parent's copy",
        patches: &[value(
            "dynamic/session.rs",
            "if «self.session.region.is_mine()» { self.session.region.slot_line()",
            "true",
        )],
        checks: &[Process("fork", "guards_of_the_parent_are_its_own")],
    },
    Mutant {
        name: "child_rolls_back_for_its_parent",
        breaks: "a child that drops an update of its parent rolls it back",
        patches: &[value("dynamic/session.rs", "self.open && «self.session.region.is_mine()»", "true")],
        checks: &[Process("fork", "guards_of_the_parent_are_its_own")],
    },
    Mutant {
        name: "inherited_guard_counts",
        breaks: "a guard of the parent counts as open in a child, which cannot end it",
        patches: &[left_out("os/fork.rs", "crate::track::close_inherited();")],
        checks: &[Process("fork", "guards_of_the_parent_are_its_own")],
    },
    Mutant {
        name: "position_in_another_variant",
        breaks: "a position leads into a variant that its enum does not have now",
        patches: &[value(
            "dynamic/position.rs",
            "shapes.get(self.location.shape).in_payload || self.location.variant.is_some()",
            "false",
        )],
        checks: &[Process("dynamic_positions", "a_part_of_another_variant_is_not_written_and_not_read")],
    },
];
