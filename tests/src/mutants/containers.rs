//! Faults of what an update is known to have touched.

use super::Check::Unit;
use super::{Harmless, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    // Where marks count.
    Mutant {
        name: "no_stamp",
        breaks: "marks count wherever they are",
        checks: &[Unit("state::moves::swap"), Unit("state::moves::threads")],
    },
    Mutant {
        name: "stamp_place_only",
        breaks: "marks count in every update",
        checks: &[Unit("state::moves::parked"), Unit("state::moves::later")],
    },
    Mutant {
        name: "stamp_transaction_only",
        breaks: "marks count at every place",
        checks: &[Unit("state::moves::swap")],
    },
    Mutant {
        name: "stamp_always",
        breaks: "an item is stamped whenever it is handed out",
        checks: &[Unit("state::moves::plain")],
    },
    Mutant {
        name: "stamp_known_items",
        breaks: "an item that is marked is stamped again",
        checks: &[Unit("state::moves::shift")],
    },
    Mutant {
        name: "clone_keeps_stamp",
        breaks: "a clone has the marks of its original",
        checks: &[Unit("state::moves::cloned_short_and_rolled_back")],
    },
    Mutant {
        name: "clearing_keeps_stamp",
        breaks: "what was cleared is still stamped",
        checks: &[Unit("state::moves::parked_where_it_was_before")],
    },
    Mutant {
        name: "transaction_ids_from_the_file",
        breaks: "two handles count from the same number",
        checks: &[Unit("state::moves::all")],
    },
    // What they say.
    Mutant {
        name: "handed_out_unmarked",
        breaks: "an item is handed out and not marked",
        checks: &[Unit("state::moves::plain")],
    },
    Mutant {
        name: "blocks_ignored",
        breaks: "what was marked in blocks is not copied",
        checks: &[Unit("state::moves::all")],
    },
    Mutant {
        name: "pages_away_from_home",
        breaks: "a list that has moved marks another one's pages",
        checks: &[Unit("state::moves::all")],
    },
    Mutant {
        name: "live_of_the_written",
        breaks: "a roll-back copies what is live in the copy that was written",
        checks: &[Unit("state::moves::err")],
    },
    Mutant {
        name: "inner_length_stays",
        breaks: "the length of a container inside of an item is not copied",
        checks: &[Unit("state::moves::plain")],
    },
    Mutant {
        name: "head_stays",
        breaks: "the head of a container inside of an item is not copied",
        checks: &[Unit("state::moves::parked_where_it_was_before")],
    },
    Mutant {
        name: "parked_keeps_stamp",
        breaks: "what is not at home keeps its stamp",
        checks: &[Unit("state::moves::parked_short_and_rolled_back")],
    },
    // In what is made of lists and arrays.
    Mutant {
        name: "words_stay",
        breaks: "the plain words of a container of several parts are not copied",
        checks: &[Unit("state::moves::plain")],
    },
    Mutant { name: "inner_words_stay", breaks: "the same, in an item", checks: &[Unit("state::moves::all")] },
    Mutant {
        name: "parts_at_the_start",
        breaks: "the parts of a container are taken to lie at its start",
        checks: &[Unit("state::moves::all")],
    },
    Mutant {
        name: "slot_unmarked",
        breaks: "a queue's slot is filled and not marked",
        checks: &[Unit("state::moves::plain")],
    },
    Mutant {
        name: "second_slice_unmarked",
        breaks: "of a queue that wraps around, the second slice is handed out and not marked",
        checks: &[Unit("state::moves::plain")],
    },
    Mutant {
        name: "spent_slot_changes",
        breaks: "what a queue leaves in a slot that was moved out changes without a mark",
        checks: &[Unit("state::moves::out_and_back")],
    },
    // In an archive.
    Mutant {
        name: "archive_half_stays",
        breaks: "a panic in the midst of archiving leaves half an archive",
        checks: &[Unit("containers::tests::archived::a_panic_leaves_no_half_value")],
    },
    Mutant {
        name: "archive_hash_stays",
        breaks: "an archive is set, and its hash stays",
        checks: &[Unit("containers::tests::archived_in_states::every_copy_has_what_was_committed")],
    },
    Mutant {
        name: "archive_inner_hash_stays",
        breaks: "the hash of an archive in an item is not copied",
        checks: &[Unit("containers::tests::archived_in_states::every_copy_has_what_was_committed")],
    },
    Mutant {
        name: "archive_plain_stays",
        breaks: "the hash of an archive is not copied",
        checks: &[Unit("containers::tests::archived_in_states::every_copy_has_what_was_committed")],
    },
    Mutant {
        name: "archive_seen_by_place",
        breaks: "what was checked is known by its place and type alone",
        checks: &[Unit("containers::tests::archived::what_is_known_is_known_by_its_hash_and_type")],
    },
    Mutant {
        name: "archive_seen_of_any_type",
        breaks: "what was checked as one type is believed as another one",
        checks: &[Unit("containers::tests::archived::what_is_known_is_known_by_its_hash_and_type")],
    },
    Mutant {
        name: "variant_stays",
        breaks: "another copy keeps the variant that it had",
        checks: &[Unit("state::moves::enums")],
    },
    Mutant {
        name: "variant_of_the_written",
        breaks: "a roll-back takes the variant of what was written for that of the version",
        checks: &[Unit("state::moves::enums")],
    },
    Mutant { name: "tag_stays", breaks: "an enum's tag is not copied with it", checks: &[Unit("state::moves::enums")] },
    Mutant { name: "length_stays", breaks: "a length is not copied", checks: &[Unit("state::moves::plain")] },
    Mutant {
        name: "packed_inward",
        breaks: "a range is rounded to less than it is",
        checks: &[Unit("state::moves::plain")],
    },
    Mutant {
        name: "pages_not_noted",
        breaks: "what was marked in pages is not noted",
        checks: &[Unit("state::moves::large")],
    },
];

pub(super) const HARMLESS: &[Harmless] = &[
    Harmless {
        name: "stamping_keeps_marks",
        why: "an item that is marked too much is copied too much, and what is known to be marked is not stamped, which \
              counts as moved",
        checks: &[Unit("state::moves::all"), Unit("state::moves::nested")],
    },
    Harmless {
        name: "dead_memory_trusted",
        why: "at a roll-back, what is dead in the copy that was written still says the truth about its own bytes",
        checks: &[Unit("state::moves::all"), Unit("state::moves::err")],
    },
];
