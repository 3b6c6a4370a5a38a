//! Faults of archives and enums.

use super::Check::Unit;
use super::Mutant;
use super::weave::{instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "archive_half_stays",
        breaks: "a panic in the midst of archiving leaves half an archive",
        patches: &[left_out("containers/archived/mod.rs", "fn drop(&mut self) { «self.0.clear();»")],
        checks: &[Unit("containers::tests::archived::a_panic_leaves_no_half_value")],
    },
    Mutant {
        name: "archive_hash_stays",
        breaks: "an archive is set, and its hash stays",
        patches: &[left_out("containers/archived/mod.rs", "half.0.keyed_hash = hash;")],
        checks: &[Unit("containers::tests::archived_in_states::every_copy_has_what_was_committed")],
    },
    Mutant {
        name: "archive_inner_hash_stays",
        breaks: "the hash of an archive in an item is not copied",
        patches: &[left_out("containers/archived/mod.rs", "touched.add(stamp.offset(), size_of::<u128>());")],
        checks: &[Unit("containers::tests::archived_in_states::every_copy_has_what_was_committed")],
    },
    Mutant {
        name: "archive_plain_stays",
        breaks: "the hash of an archive is not copied",
        patches: &[left_out(
            "containers/archived/mod.rs",
            "unsafe { std::ptr::copy_nonoverlapping(from.cast::<u128>(), to.cast::<u128>(), 1) }",
        )],
        checks: &[Unit("containers::tests::archived_in_states::every_copy_has_what_was_committed")],
    },
    Mutant {
        name: "archive_seen_by_place",
        breaks: "what was checked is known by its place and type alone",
        patches: &[value(
            "containers/archived/checked.rs",
            "CHECKED.with(|checked| checked[self.slot()].get()) == Some(*self)",
            "CHECKED.with(|checked| checked[self.slot()].get()).is_some_and(|known| known.address == self.address && known.ty == self.ty)",
        )],
        checks: &[Unit("containers::tests::archived::what_is_known_is_known_by_its_hash_and_type")],
    },
    Mutant {
        name: "archive_seen_of_any_type",
        breaks: "what was checked as one type is believed as another one",
        patches: &[value(
            "containers/archived/checked.rs",
            "CHECKED.with(|checked| checked[self.slot()].get()) == Some(*self)",
            "CHECKED.with(|checked| checked[self.slot()].get()).is_some_and(|known| Checked { ty: self.ty, ..known } == *self)",
        )],
        checks: &[Unit("containers::tests::archived::what_is_known_is_known_by_its_hash_and_type")],
    },
    Mutant {
        name: "variant_stays",
        breaks: "another copy keeps the variant that it had",
        patches: &[value("layout/walk.rs", "old == active", "true")],
        checks: &[Unit("state::relocation::enums")],
    },
    Mutant {
        name: "variant_of_the_written",
        breaks: "a roll-back takes the variant of what was written for that of the version",
        patches: &[value("layout/walk.rs", "source == written", "true")],
        checks: &[Unit("state::relocation::enums")],
    },
    Mutant {
        name: "tag_stays",
        breaks: "an enum's tag is not copied with it",
        patches: &[left_out("layout/walk.rs", "touched.add(stamp.offset(), tag_size);")],
        checks: &[Unit("state::relocation::enums")],
    },
    Mutant {
        name: "length_stays",
        breaks: "a length is not copied",
        patches: &[left_out("containers/slots.rs", "unsafe { to.write(len) }")],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "packed_inward",
        breaks: "a range is rounded to less than it is",
        patches: &[instead(
            "track/dirty_ranges.rs",
            "return bytes.start >> 3 << 32 | bytes.end.wrapping_add(7) >> 3;",
            "let (start, end) = ((bytes.start + 7) >> 3, bytes.end >> 3);
return start << 32 | end.max(start + 1);",
        )],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "pages_not_noted",
        breaks: "what was marked in pages is not noted",
        patches: &[left_out("commit/log.rs", "self.pages_of(line).add(&touched.pages());")],
        checks: &[Unit("state::relocation::large")],
    },
    Mutant {
        name: "pages_kept",
        breaks: "pages that were taken over count as touched by the next update that marks some as well",
        patches: &[left_out("commit/log.rs", "mark_pages(); «touched.clear_pages();»")],
        checks: &[Unit("state::txn_buffer::tests::pages_are_forgotten_once_they_are_taken_over")],
    },
    Mutant {
        name: "places_of_nothing_joined",
        breaks: "a second place that lies apart from the first one takes its place",
        patches: &[value("containers/marks.rs", "self.ranges[«1»] = pack(start, end)", "0")],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "given_up_items_noted",
        breaks: "ranges of items that were given up in the same update are noted",
        patches: &[value(
            "containers/collect_dirty.rs",
            "range as u32 as usize <= live",
            "range as usize == 0 || live < usize::MAX",
        )],
        checks: &[Unit("containers::tests::cost::nothing_of_what_is_given_up")],
    },
];
