//! Faults of choosing a copy and catching it up, and of spare copies.

use super::Check::{Loom, Process, Shuttle, Step, Unit};
use super::Mutant;
use super::symptoms::{LOST, RACE, STUCK, TORN};
use super::weave::{before, instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "repeats_by_the_start",
        breaks: "an entry that begins where the one before does counts as taken over",
        patches: &[value("commit/entries.rs", "if «entry == *last» {", "entry >> 32 == *last >> 32")],
        checks: &[Unit("commit::entries::tests::what_comes_again_at_once_is_copied_once")],
    },
    Mutant {
        name: "entries_past_the_end",
        breaks: "an entry of the log that names bytes past the end of the state is followed",
        patches: &[value("track/dirty_ranges.rs", "start >= end || «end > size.div_ceil(1 << self.shift)»", "false")],
        checks: &[Unit("commit::entries::tests::what_makes_no_sense_is_refused")],
    },
    // Choosing a copy, and catching it up.
    Mutant {
        name: "pins_ignored",
        breaks: "a copy is written that a reader holds",
        patches: &[
            value(
                "commit/pins.rs",
                "self.listed.is_empty() || !self.listed.any(|slot| self.is_pinned(slot, k))",
                "true",
            ),
            value("commit/pins.rs", "!pinned", "true"),
        ],
        checks: &[
            Loom("readers::two_copies_one_reader", RACE),
            Unit("state::relocation::pins"),
            Shuttle("schedules::two_copies"),
        ],
    },
    Mutant {
        name: "guests_not_scanned",
        breaks: "a copy is written that a guest holds",
        patches: &[value("commit/pins.rs", "guests != 0", "false")],
        checks: &[Loom("readers::two_copies_one_reader", RACE), Shuttle("schedules::three_copies")],
    },
    Mutant {
        name: "owner_not_scanned",
        breaks: "a copy is written that the handle's own thread holds",
        patches: &[value("commit/pins.rs", "owner == k as u32 | PINNED", "false")],
        checks: &[Loom("readers::two_copies_the_owner", RACE), Shuttle("schedules::three_copies")],
    },
    Mutant {
        name: "pins_of_the_dead_stay",
        breaks: "a dead reader's copy is never used again",
        patches: &[before("commit/choice.rs", "let mut free = true;", "return false;")],
        checks: &[Loom("deaths::a_reader_dies", STUCK), Step("claim")],
    },
    Mutant {
        name: "pins_of_the_living_cleared",
        breaks: "readers that live lose their pins when they are in the way",
        patches: &[instead("commit/choice.rs", "None => «free = false»", "self.clear_pins(slot)")],
        checks: &[Loom("readers::an_impatient_writer", "Concurrent")],
    },
    Mutant {
        name: "byte_released_before_the_pins",
        breaks: "the dead reader's byte is let go before its pins are cleared",
        patches: &[before("commit/choice.rs", "self.clear_pins(slot); count(", "drop(_held);")],
        checks: &[Loom("deaths::a_reader_dies_and_its_slot_reads_on", STUCK)],
    },
    Mutant {
        name: "odd_left_out",
        breaks: "a copy is written that counts as whole",
        patches: &[left_out("commit/catch_up.rs", "line.sequence.store(odd, Relaxed);")],
        checks: &[
            Loom("deaths::a_writer_dies_while_another_writes", LOST),
            Loom("optimistic::two_copies_one_reader", TORN),
            Shuttle("schedules::two_copies"),
        ],
    },
    Mutant {
        name: "odd_after_catch_up",
        breaks: "a copy is caught up before it counts as written",
        patches: &[
            left_out("commit/catch_up.rs", "line.sequence.store(odd, Relaxed);"),
            before("commit/transaction.rs", "Ok(Transaction { active", "line.sequence.store(odd, Relaxed);"),
        ],
        checks: &[Loom("optimistic::two_copies_one_reader", TORN)],
    },
    Mutant {
        name: "odd_is_trusted",
        breaks: "what a dead writer has begun counts as whole",
        patches: &[value("commit/words.rs", "self.sequence.load(Relaxed) % 2 == 1", "false")],
        checks: &[
            Loom("deaths::a_writer_dies_while_another_writes", LOST),
            Unit("state::relocation::deaths::death_in_the_closure"),
            Step("many-spots"),
            Shuttle("schedules::three_copies"),
        ],
    },
    Mutant {
        name: "odd_is_trusted_once_used",
        breaks: "the same, but for copies that were never used",
        patches: &[value(
            "commit/words.rs",
            "self.sequence.load(Relaxed) % 2 == 1",
            "self.sequence.load(Relaxed) == 3",
        )],
        checks: &[Step("attach-first")],
    },
    Mutant {
        name: "notes_cleared_before_use",
        breaks: "a copy takes over nothing",
        patches: &[before(
            "commit/catch_up.rs",
            "unsafe { images.copy_plain(pair) }",
            "line.log_position.store(log_end, Relaxed);",
        )],
        checks: &[Unit("state::relocation::plain"), Loom("readers::three_copies_one_reader", LOST)],
    },
    Mutant {
        name: "copy_in_turn_not_scanned",
        breaks: "the copy whose turn it is is written although a reader holds it",
        patches: &[value(
            "commit/choice.rs",
            "self.scan(in_turn.0, active.version)",
            "{ self.scan(in_turn.0, active.version); true }",
        )],
        checks: &[Loom("readers::two_copies_one_reader", RACE), Shuttle("schedules::three_copies")],
    },
    Mutant {
        name: "overrun_unnoticed",
        breaks: "log entries are overwritten that a copy still needs",
        patches: &[
            value("commit/log.rs", "free > self.log.len() as u64", "false"),
            value("commit/entries.rs", "end.wrapping_sub(next) > self.entries.len() as u64", "false"),
        ],
        checks: &[
            Loom("readers::three_copies_one_reader", "no version has this content"),
            Shuttle("schedules::three_copies"),
        ],
    },
    Mutant {
        name: "resting_copy_keeps_its_place",
        breaks: "log entries are overwritten that a copy still needs which rests",
        patches: &[left_out("commit/log.rs", "line.log_position.store(first.wrapping_sub(ring + 1), Release);")],
        checks: &[Loom("deaths::a_writer_dies_while_a_copy_rests", "no version has this content")],
    },
    Mutant {
        name: "place_before_pages",
        breaks: "a copy counts as having taken over what is not on its pages yet",
        patches: &[before(
            "commit/log.rs",
            "self.move_to_pages(line, position, moved);",
            "line.log_position.store(position.wrapping_add(moved), Relaxed);",
        )],
        checks: &[Step("long-reader"), Shuttle("schedules::three_copies")],
    },
    Mutant {
        name: "torn_copy_lacks_nothing",
        breaks: "a copy that a dead writer has begun is caught up by the log alone",
        patches: &[left_out("commit/catch_up.rs", "self.pages_of(line).set(0..self.size);")],
        checks: &[
            Loom("deaths::a_writer_dies_while_another_writes", LOST),
            Unit("state::relocation::deaths::death_in_the_closure"),
            Shuttle("schedules::three_copies"),
        ],
    },
    Mutant {
        name: "part_counts_as_all",
        breaks: "a copy of which a part was taken over counts as caught up",
        patches: &[instead("commit/catch_up.rs", "if left == 0 { «return false;» }", "break;")],
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", LOST), Shuttle("schedules::three_copies")],
    },
    Mutant {
        name: "unset_before_it_is_copied",
        breaks: "the mark of a part goes, and the part is not taken over",
        patches: &[left_out("commit/catch_up.rs", "f(run.start.min(self.size)..run.end.min(self.size));")],
        checks: &[Loom("deaths::a_writer_dies_while_another_writes", LOST), Shuttle("schedules::three_copies")],
    },
    Mutant {
        name: "other_copy_not_scanned",
        breaks: "an update whose copy lacks pages writes another one that a reader holds",
        patches: &[value("commit/catch_up.rs", "k != active.copy && «self.is_free(k)»", "true")],
        checks: &[Loom("readers::a_copy_is_repaired_beside_a_reader", RACE)],
    },
    // Spare copies.
    Mutant {
        name: "spare_counted_before_its_room",
        breaks: "a spare copy is counted, then room is made for it",
        patches: &[before(
            "commit/spare.rs",
            "if copy == self.copies.len() ||",
            "if copy < self.copies.len() { self.control.counters.copies.store(copy as u32 + 1, Relaxed); self.control.active.turns.store(copy as u32 + 1, Relaxed); }",
        )],
        checks: &[Loom("spares::a_writer_dies_as_it_takes_a_spare_copy", "a copy is written that has no memory")],
    },
    Mutant {
        name: "spare_is_believed",
        breaks: "a spare copy is taken for one that has content",
        patches: &[before(
            "commit/spare.rs",
            "self.notify(Event::Spare",
            "self.copies[copy].sequence.store(2, Relaxed); self.copies[copy].log_position.store(self.control.active.log_end.load(Relaxed), Relaxed);",
        )],
        checks: &[Process("spares", "stopped_readers_cost_spare_copies_and_then_time")],
    },
    Mutant {
        name: "spare_taken_at_once",
        breaks: "a spare copy is taken although there are free copies, or for readers that just pass",
        patches: &[
            before("commit/turns.rs", "let lines = self.copies.get(..turns)?;", "return None;"),
            before(
                "commit/choice.rs",
                "match in_turn.or_else(|| self.next(active, |_| true))",
                "if let Some(spare) = self.add_spare(os) { return Ok(spare); }",
            ),
        ],
        checks: &[Process("spares", "readers_that_pass_cost_no_spare_copy")],
    },
    Mutant {
        name: "active_copy_believed",
        breaks: "an update copies from the active copy that the region names, whether or not it has one",
        patches: &[value(
            "commit/turns.rs",
            "let lines = «self.copies.get(..turns)»?;",
            "self.copies.get(..turns.min(self.copies.len()))",
        )],
        checks: &[Process("hostile", "words_that_name_copies_which_do_not_exist")],
    },
];
