//! Faults of what ends an update.

use super::Check::{Loom, Shuttle, Step, Unit};
use super::Mutant;
use super::symptoms::LOST;
use super::weave::{after, before, item, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    // Committing.
    Mutant {
        name: "version_stays",
        breaks: "a commit counts no version",
        patches: &[value("commit/transaction.rs", "self.active.version + 1", "self.active.version")],
        checks: &[Loom("writers::two_writers", LOST)],
    },
    Mutant {
        name: "commit_not_noted",
        breaks: "no other copy hears of it",
        patches: &[left_out(
            "commit/transaction.rs",
            "let end = self.append(log_end, touched, || self.mark_others(copy, touched)); line.log_position.store(end, Relaxed);",
        )],
        checks: &[Loom("readers::three_copies_one_reader", LOST), Unit("state::relocation::plain")],
    },
    Mutant {
        name: "notes_to_one_copy",
        breaks: "one other copy hears of it",
        patches: &[before(
            "commit/transaction.rs",
            "line.synced.store(version, Relaxed);",
            "self.others(copy).skip(1).for_each(|other| self.mark_caught_up(other));",
        )],
        checks: &[
            Loom("readers::three_copies_one_reader", LOST),
            Unit("state::relocation::plain"),
            Step("many-spots"),
            Shuttle("schedules::three_copies"),
        ],
    },
    Mutant {
        name: "active_before_notes",
        breaks: "the version is published, then noted for the others",
        patches: &[before(
            "commit/transaction.rs",
            "let end = self.append(log_end, touched, || self.mark_others(copy, touched));",
            "self.control.active.published.store(Published { version, copy }.pack(), Release);",
        )],
        checks: &[
            Unit("state::relocation::deaths::death_at_the_publication"),
            Step("many-spots"),
            Shuttle("schedules::three_copies"),
        ],
    },
    Mutant {
        name: "synced_after_active",
        breaks: "the version is published, then the copy says which it is",
        patches: &[
            left_out("commit/transaction.rs", "line.synced.store(version, Relaxed);"),
            before(
                "commit/transaction.rs",
                "line.sequence.store(odd.wrapping_add(WHOLE), Release);",
                "line.synced.store(version, Relaxed);",
            ),
        ],
        checks: &[Step("many-spots")],
    },
    // Rolling back.
    Mutant {
        name: "roll_back_not_noted",
        breaks: "what was scribbled is not taken back",
        patches: &[left_out(
            "commit/transaction.rs",
            "self.append(log_end, touched, || self.mark_pages(line, touched));",
        )],
        checks: &[Unit("state::relocation::err"), Shuttle("schedules::two_copies")],
    },
    Mutant {
        name: "even_before_notes",
        breaks: "a roll-back makes its copy even, then notes what was scribbled",
        patches: &[before(
            "commit/transaction.rs",
            "line.log_position.store(log_end, Relaxed);",
            "line.sequence.store(even, Release);",
        )],
        checks: &[Step("err"), Shuttle("schedules::two_copies")],
    },
    Mutant {
        name: "no_settle_at_roll_back",
        breaks: "what was moved counts as it was marked",
        patches: &[
            value(
                "containers/collect_dirty.rs",
                "if «head.is_current(stamp)» { if head.is_clear()",
                "!std::ptr::eq(written, source) || head.is_current(stamp)",
            ),
            value("containers/collect_dirty.rs", "!head.is_current(stamp)", "at_commit && !head.is_current(stamp)"),
        ],
        checks: &[Unit("state::relocation::later")],
    },
    Mutant {
        name: "id_used_again_after_roll_back",
        breaks: "the next update has the id of the one that was rolled back",
        patches: &[
            item(
                "track/frame.rs",
                "pub(crate) fn tx(&self) -> u64",
                "pub(crate) fn repeat_tx(&self) { self.tx.set(self.tx.get().wrapping_sub(2)); }",
            ),
            after(
                "state/update.rs",
                "self.0.roll_back();",
                "unsafe { &*self.0.txn_buffer().inner.get() }.running.repeat_tx();",
            ),
        ],
        checks: &[Unit("state::relocation::back_after_a_roll_back")],
    },
];
