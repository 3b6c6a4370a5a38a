//! Faults of what marks say.

use super::Check::Unit;
use super::weave::{instead, left_out, value};
use super::{Harmless, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    // What they say.
    Mutant {
        name: "handed_out_unmarked",
        breaks: "an item is handed out and not marked",
        patches: &[value("containers/marks.rs", "self.mark(range.clone(), items)", "Marking::New")],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "blocks_ignored",
        breaks: "what was marked in blocks is not copied",
        patches: &[value("containers/marks.rs", "let mut left = if «self.count > RANGES as u32»", "false")],
        checks: &[Unit("state::relocation::all")],
    },
    Mutant {
        name: "found_among_earlier_ranges",
        breaks: "what an earlier update has touched counts as touched by this one",
        patches: &[value("track/dirty_ranges.rs", "«known < count» && self.slot(known)", "true")],
        checks: &[Unit("track::dirty_ranges::tests::what_is_added_again_is_one_range")],
    },
    Mutant {
        name: "another_range_in_its_spot",
        breaks: "a range is not added, because another one has its spot",
        patches: &[value("track/dirty_ranges.rs", "|known| «known.get() == new»", "true")],
        checks: &[Unit("state::relocation::all")],
    },
    Mutant {
        name: "pages_away_from_home",
        breaks: "a list that has moved marks another one's pages",
        patches: &[value("track/frame.rs", "stamp.tx() == running.tx.get() && stamp.offset() == offset", "true")],
        checks: &[Unit("state::relocation::all")],
    },
    Mutant {
        name: "live_of_the_written",
        breaks: "a roll-back copies what is live in the copy that was written",
        patches: &[
            value(
                "containers/collect_dirty.rs",
                "if «!NESTED && !T::TRACKED» { let head = unsafe { &*written }; if head.is_current(stamp) {",
                "false",
            ),
            value(
                "containers/collect_dirty.rs",
                "let live = «items.live(unsafe { &*source })»; let head",
                "items.live(unsafe { &*written })",
            ),
        ],
        checks: &[Unit("state::relocation::err")],
    },
    Mutant {
        name: "inner_length_stays",
        breaks: "the length of a container inside of an item is not copied",
        patches: &[left_out("containers/collect_dirty.rs", "touched.add(base, size_of::<Head>());")],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "head_stays",
        breaks: "the head of a container inside of an item is not copied",
        patches: &[instead(
            "containers/collect_dirty.rs",
            "touched.add(base, size_of::<Head>());",
            "touched.add(base, size_of::<u32>());",
        )],
        checks: &[Unit("state::relocation::parked_where_it_was_before")],
    },
    Mutant {
        name: "parked_keeps_stamp",
        breaks: "a container that is not current keeps its stamp",
        patches: &[left_out("containers/marks.rs", "head.put_stamp(Stamp::VOID);")],
        checks: &[Unit("state::relocation::parked_short_and_rolled_back")],
    },
    // In what is made of lists and arrays.
    Mutant {
        name: "words_stay",
        breaks: "the plain fields beside a container are not copied",
        patches: &[value(
            "layout/walk.rs",
            "COPY => «unsafe { F::copy_plain(this, other) }»",
            "if F::TRACKED { unsafe { F::copy_plain(this, other) } }",
        )],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "inner_words_stay",
        breaks: "the same, in an item",
        patches: &[value(
            "layout/walk.rs",
            "unsafe { F::collect_dirty::<true>(this, other, self.stamp.at(offset), touched) }",
            "if F::TRACKED { unsafe { F::collect_dirty::<true>(this, other, self.stamp.at(offset), touched) } }",
        )],
        checks: &[Unit("state::relocation::all")],
    },
    Mutant {
        name: "parts_at_the_start",
        breaks: "the parts of a container are taken to lie at its start",
        patches: &[value(
            "layout/walk.rs",
            "F::collect_dirty::<true>(this, other, «self.stamp.at(offset)», touched)",
            "self.stamp.at(0)",
        )],
        checks: &[Unit("state::relocation::all")],
    },
    Mutant {
        name: "slot_unmarked",
        breaks: "a queue's slot is filled and not marked",
        patches: &[left_out("containers/queue/mod.rs", "self.slots.mark_written(at..at + 1);")],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "second_slice_unmarked",
        breaks: "of a queue that wraps around, the second slice is handed out and not marked",
        patches: &[instead(
            "containers/queue/mod.rs",
            "let _marked = self.slots.get_mut(span.clone());",
            "if span.start > 0 { let _marked = self.slots.get_mut(span.clone()); }",
        )],
        checks: &[Unit("state::relocation::plain")],
    },
    Mutant {
        name: "spent_slot_changes",
        breaks: "what a queue leaves in a slot that was moved out changes without a mark",
        patches: &[value(
            "containers/queue/mod.rs",
            "unsafe { move_out(&self.slots.as_array()[at]) }",
            "let item = unsafe { move_out(&self.slots.as_array()[at]) }; self.slots.unmarked_mut(N)[at] = T::zeroed(); item",
        )],
        checks: &[Unit("state::relocation::out_and_back")],
    },
];

pub(super) const HARMLESS: &[Harmless] = &[
    Harmless {
        name: "stamping_keeps_marks",
        why: "an item that is marked too much is copied too much, and what is known to be marked is not stamped, which \
              counts as moved",
        patches: &[left_out("containers/marks.rs", "«self.count = 0;» self.stamp = stamp;")],
        checks: &[Unit("state::relocation::all"), Unit("state::relocation::nested")],
    },
    Harmless {
        name: "dead_memory_trusted",
        why: "at a roll-back, what is dead in the copy that was written still says the truth about its own bytes",
        patches: &[value("containers/collect_dirty.rs", "index < written_live", "index < live")],
        checks: &[Unit("state::relocation::all"), Unit("state::relocation::err")],
    },
];
