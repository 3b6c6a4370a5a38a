//! Faults of the commit protocol.

use super::Check::{Loom, Process, Shuttle, Step, Unit};
use super::Mutant;

/// What loom says of an image that is read and written at once.
const RACE: &str = "Causality violation: Concurrent";

/// What a writer says that finds another content than the version promises.
const LOST: &str = "a commit got lost";

/// What loom says when somebody waits for ever: for a lock or a copy that nobody will give back.
const STUCK: &str = "Model exceeded maximum number of branches";

/// What loom says when everybody sleeps.
const DEADLOCK: &str = "deadlock";

/// What a writer says that finds the newest version marked as unknown content.
const HALF: &str = "the active copy is marked as half-written";

/// What is said of an onlooker.
const TORN: &str = "an onlooker took two versions for one";

pub(super) const MUTANTS: &[Mutant] = &[
    // The orderings: one for each row of the table in `commit/mod.rs`.
    Mutant {
        name: "R1",
        breaks: "a reader counts itself in, AcqRel",
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::two_copies_one_reader", RACE)],
    },
    Mutant {
        name: "R2",
        breaks: "a reader's second look, Relaxed",
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::three_copies_one_reader", RACE)],
    },
    Mutant {
        name: "R3",
        breaks: "a reader leaves, Relaxed",
        checks: &[
            Loom("readers::two_copies_the_owner", RACE),
            Loom("readers::two_copies_one_handle_two_threads", RACE),
        ],
    },
    Mutant { name: "W1", breaks: "the lock is taken, Relaxed", checks: &[Loom("writers::two_writers", LOST)] },
    Mutant {
        name: "W2",
        breaks: "no fence between lock and scan",
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::two_copies_one_reader", RACE)],
    },
    Mutant {
        name: "W3",
        breaks: "the scan of the pins, Relaxed",
        checks: &[Loom("readers::two_copies_the_owner", RACE), Loom("readers::three_copies_one_reader", RACE)],
    },
    Mutant {
        name: "W4",
        breaks: "a version is published, Relaxed",
        checks: &[Loom("readers::two_copies_one_reader", RACE)],
    },
    Mutant {
        name: "even_before_active",
        breaks: "W5 moved: a commit makes its copy even, then publishes it",
        checks: &[
            Loom("deaths::the_second_dies_as_well", LOST),
            Unit("state::moves::deaths::death_at_the_publication"),
            Step("many-spots"),
            Shuttle("three_copies"),
        ],
    },
    Mutant {
        name: "even_left_out",
        breaks: "W5 left out: a commit leaves its copy odd",
        checks: &[Loom("writers::two_writers", HALF)],
    },
    Mutant { name: "W6", breaks: "the lock is released, Relaxed", checks: &[Loom("writers::two_writers", RACE)] },
    Mutant {
        name: "W7",
        breaks: "no fence behind the odd generation",
        checks: &[Loom("onlookers::two_copies_one_onlooker", TORN)],
    },
    Mutant {
        name: "P1",
        breaks: "no fence before an onlooker's second look",
        checks: &[Loom("onlookers::two_copies_one_onlooker", TORN)],
    },
    Mutant {
        name: "N1",
        breaks: "a reader lists its slot, Relaxed",
        checks: &[Loom("readers::two_copies_one_reader", RACE), Loom("readers::a_slot_is_claimed_late", RACE)],
    },
    Mutant {
        name: "N2",
        breaks: "a reader asks whether its slot is listed, Relaxed",
        checks: &[Loom("readers::two_threads_come", RACE)],
    },
    Mutant {
        name: "N3",
        breaks: "no fence between taking a slot off the list and looking again",
        checks: &[Loom("sweeps::an_owner_comes_back", RACE), Loom("sweeps::a_guest_comes_back", RACE)],
    },
    Mutant {
        name: "N4",
        breaks: "a word is taken out of the summary, Relaxed",
        checks: &[Loom("sweeps::another_comes", RACE)],
    },
    // Reading.
    Mutant {
        name: "second_look_left_out",
        breaks: "a reader does not look again",
        checks: &[Loom("readers::two_copies_the_owner", RACE), Shuttle("few_switches")],
    },
    Mutant {
        name: "pin_of_a_miss_stays",
        breaks: "a reader that looked again keeps its first pin",
        checks: &[Loom("readers::two_copies_one_reader", "a pin is left")],
    },
    Mutant {
        name: "onlooker_looks_once",
        breaks: "an onlooker does not look again",
        checks: &[Loom("onlookers::two_copies_one_onlooker", TORN)],
    },
    Mutant {
        name: "load_keeps_what_is_torn",
        breaks: "a load takes what it has seen of a copy that was written meanwhile",
        checks: &[Loom("onlookers::three_copies_a_load", TORN)],
    },
    // The list of readers.
    Mutant {
        name: "reader_not_listed",
        breaks: "a reader's slot is not listed",
        checks: &[Loom("readers::two_copies_one_reader", RACE), Shuttle("two_copies"), Step("read")],
    },
    Mutant {
        name: "listed_before_its_bit",
        breaks: "a reader says that its slot is listed, then lists it",
        checks: &[Loom("readers::two_threads_come", RACE)],
    },
    Mutant {
        name: "sweep_looks_once",
        breaks: "a slot is taken off the list although its reader has come back",
        checks: &[Loom("sweeps::an_owner_comes_back", RACE), Loom("sweeps::a_guest_comes_back", RACE)],
    },
    Mutant {
        name: "summary_looked_at_once",
        breaks: "a word is taken out of the summary although another reader has come",
        checks: &[Loom("sweeps::another_comes", RACE)],
    },
    Mutant {
        name: "dead_sweep_stays",
        breaks: "what a dead writer has taken off the list stays off",
        checks: &[Loom("sweeps::a_sweep_dies", RACE), Step("claim")],
    },
    // Claiming a slot.
    Mutant {
        name: "claim_counts_no_slot",
        breaks: "a slot is not listed again when a writer died that took it off the list",
        checks: &[Loom("sweeps::a_sweep_dies", RACE)],
    },
    Mutant {
        name: "claim_leaves_pins",
        breaks: "the last holder's pins stay",
        checks: &[
            Loom("deaths::a_reader_dies_and_its_slot_reads_on", STUCK),
            Loom("deaths::an_owner_dies_and_its_slot_reads_on", STUCK),
            Step("claim"),
        ],
    },
    Mutant {
        name: "claim_ignores_the_word",
        breaks: "the last holder's lock stays",
        checks: &[Loom("deaths::two_claim_the_slot_of_a_dead_writer", STUCK), Step("many-spots")],
    },
    Mutant {
        name: "claim_does_not_recover",
        breaks: "the last holder's lock is released as it was",
        checks: &[Loom("deaths::two_claim_the_slot_of_a_dead_writer", HALF), Step("claim")],
    },
    // The lock.
    Mutant {
        name: "no_take_over",
        breaks: "a dead owner's lock stays",
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", STUCK)],
    },
    Mutant {
        name: "byte_released_before_the_cas",
        breaks: "the dead owner's byte is let go before its lock is taken over",
        checks: &[Loom("deaths::a_slot_is_claimed_while_it_is_probed", HALF), Shuttle("few_slots")],
    },
    Mutant {
        name: "probe_without_holding",
        breaks: "a dead owner is asked for, and not held",
        checks: &[
            Loom("deaths::a_slot_is_claimed_while_it_is_probed", HALF),
            Loom("deaths::a_reader_dies_and_its_slot_reads_on", STUCK),
            Shuttle("few_slots"),
        ],
    },
    Mutant {
        name: "sleepers_forgotten",
        breaks: "the flag of the sleepers is lost when the lock changes hands",
        checks: &[Loom("writers::three_writers_sleep_until_woken", DEADLOCK)],
    },
    Mutant {
        name: "unlock_wakes_nobody",
        breaks: "who sleeps is not woken",
        checks: &[Loom("writers::two_writers_sleep_until_woken", DEADLOCK)],
    },
    Mutant {
        name: "unlock_left_out",
        breaks: "an update keeps the lock",
        checks: &[Loom("writers::two_writers", STUCK)],
    },
    Mutant {
        name: "re_entry_unnoticed",
        breaks: "an update inside of a closure over the same region runs",
        checks: &[Process("errors", "reentrant")],
    },
    // Taking over.
    Mutant {
        name: "take_over_does_not_recover",
        breaks: "the lock is taken over, and nothing is set right",
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", HALF), Step("many-spots")],
    },
    Mutant {
        name: "recovery_does_nothing",
        breaks: "what a death left is not set right",
        checks: &[
            Loom("deaths::a_writer_dies_while_another_writes", HALF),
            Unit("state::moves::deaths::death_behind_the_publication"),
            Step("many-spots"),
            Shuttle("three_copies"),
        ],
    },
    Mutant {
        name: "recovery_trusts_every_copy",
        breaks: "every copy counts as whole after a recovery",
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", LOST), Shuttle("three_copies")],
    },
    // Choosing a copy, and catching it up.
    Mutant {
        name: "pins_ignored",
        breaks: "a copy is written that a reader holds",
        checks: &[Loom("readers::two_copies_one_reader", RACE), Unit("state::moves::pins"), Shuttle("two_copies")],
    },
    Mutant {
        name: "guests_not_scanned",
        breaks: "a copy is written that a guest holds",
        checks: &[Loom("readers::two_copies_one_reader", RACE), Shuttle("three_copies")],
    },
    Mutant {
        name: "owner_not_scanned",
        breaks: "a copy is written that the handle's own thread holds",
        checks: &[Loom("readers::two_copies_the_owner", RACE), Shuttle("three_copies")],
    },
    Mutant {
        name: "pins_of_the_dead_stay",
        breaks: "a dead reader's copy is never used again",
        checks: &[Loom("deaths::a_reader_dies", STUCK), Step("claim")],
    },
    Mutant {
        name: "pins_of_the_living_cleared",
        breaks: "readers that live lose their pins when they are in the way",
        checks: &[Loom("readers::an_impatient_writer", "Concurrent")],
    },
    Mutant {
        name: "byte_released_before_the_pins",
        breaks: "the dead reader's byte is let go before its pins are cleared",
        checks: &[Loom("deaths::a_reader_dies_and_its_slot_reads_on", STUCK)],
    },
    Mutant {
        name: "odd_left_out",
        breaks: "a copy is written that counts as whole",
        checks: &[
            Loom("deaths::a_writer_dies_while_another_writes", LOST),
            Loom("onlookers::two_copies_one_onlooker", TORN),
            Shuttle("two_copies"),
        ],
    },
    Mutant {
        name: "odd_after_catch_up",
        breaks: "a copy is caught up before it counts as written",
        checks: &[Loom("onlookers::two_copies_one_onlooker", TORN)],
    },
    Mutant {
        name: "odd_is_trusted",
        breaks: "what a dead writer has begun counts as whole",
        checks: &[
            Loom("deaths::a_writer_dies_while_another_writes", LOST),
            Unit("state::moves::deaths::death_in_the_closure"),
            Step("many-spots"),
            Shuttle("three_copies"),
        ],
    },
    Mutant {
        name: "odd_is_trusted_once_used",
        breaks: "the same, but for copies that were never used",
        checks: &[Step("attach-first")],
    },
    Mutant {
        name: "notes_cleared_before_use",
        breaks: "a copy takes over nothing",
        checks: &[Unit("state::moves::plain"), Loom("readers::three_copies_one_reader", LOST)],
    },
    Mutant {
        name: "copy_in_turn_not_scanned",
        breaks: "the copy whose turn it is is written although a reader holds it",
        checks: &[Loom("readers::two_copies_one_reader", RACE), Shuttle("three_copies")],
    },
    Mutant {
        name: "overrun_unnoticed",
        breaks: "notes are overwritten that a copy still needs",
        checks: &[Loom("readers::three_copies_one_reader", "no version has this content"), Shuttle("three_copies")],
    },
    Mutant {
        name: "place_before_pages",
        breaks: "a copy counts as having taken over what is not on its pages yet",
        checks: &[Step("long-reader"), Shuttle("three_copies")],
    },
    // Committing.
    Mutant {
        name: "version_stays",
        breaks: "a commit counts no version",
        checks: &[Loom("writers::two_writers", LOST)],
    },
    Mutant {
        name: "commit_not_noted",
        breaks: "no other copy is told",
        checks: &[Loom("readers::three_copies_one_reader", LOST), Unit("state::moves::plain")],
    },
    Mutant {
        name: "notes_to_one_copy",
        breaks: "one other copy is told",
        checks: &[
            Loom("readers::three_copies_one_reader", LOST),
            Unit("state::moves::plain"),
            Step("many-spots"),
            Shuttle("three_copies"),
        ],
    },
    Mutant {
        name: "active_before_notes",
        breaks: "the version is published, then the others are told",
        checks: &[Unit("state::moves::deaths::death_at_the_publication"), Step("many-spots"), Shuttle("three_copies")],
    },
    Mutant {
        name: "synced_after_active",
        breaks: "the version is published, then the copy says which it is",
        checks: &[Step("many-spots")],
    },
    // Rolling back.
    Mutant {
        name: "roll_back_not_noted",
        breaks: "what was scribbled is not taken back",
        checks: &[Unit("state::moves::err"), Shuttle("two_copies")],
    },
    Mutant {
        name: "even_before_notes",
        breaks: "a roll-back makes its copy even, then notes what was scribbled",
        checks: &[Step("err"), Shuttle("two_copies")],
    },
    Mutant {
        name: "no_settle_at_roll_back",
        breaks: "what was moved counts as it was marked",
        checks: &[Unit("state::moves::later")],
    },
    Mutant {
        name: "id_used_again_after_roll_back",
        breaks: "the next update has the id of the one that was rolled back",
        checks: &[Unit("state::moves::back_after_a_roll_back")],
    },
    // Spare copies.
    Mutant {
        name: "spare_counted_before_its_room",
        breaks: "a spare copy is counted, then room is made for it",
        checks: &[Loom("spares::a_writer_dies_as_it_takes_a_spare_copy", "a copy is written that has no memory")],
    },
    Mutant {
        name: "spare_is_believed",
        breaks: "a spare copy is taken for one that has content",
        checks: &[Process("spares", "stopped_readers_cost_spare_copies_and_then_time")],
    },
    Mutant {
        name: "spare_taken_at_once",
        breaks: "a spare copy is taken although there are free copies, or for readers that just pass",
        checks: &[Process("spares", "readers_that_pass_cost_no_spare_copy")],
    },
];
