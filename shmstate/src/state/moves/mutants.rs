//! The proof that these tests can fail: each planted fault ([`crate::mutant`]) has to be found.
//!
//! ```text
//! RUSTFLAGS="--cfg shmstate_mutants" cargo test --release -p shmstate --lib --target-dir target/mutants mutants_are_caught -- --nocapture
//! ```
//!
//! prints, for each fault, the median number of updates after which each mix found it in three runs, `-` where it did not
//! within `SHMSTATE_STEPS` updates (3000 if unset), and the directed tests that found it.

use super::{MIXES, WORLD, deaths, dir, directed, number, world};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};

/// The faults.
const FAULTS: [&str; 34] = [
    // Where marks count.
    "no_stamp",
    "stamp_place_only",
    "stamp_transaction_only",
    "stamp_always",
    "stamp_known_items",
    "clone_keeps_stamp",
    "clearing_keeps_stamp",
    "transaction_ids_from_the_file",
    "id_used_again_after_roll_back",
    "no_settle_at_roll_back",
    // What they say.
    "handed_out_unmarked",
    "blocks_ignored",
    "pages_away_from_home",
    "live_of_the_written",
    "inner_length_stays",
    "head_stays",
    "parked_keeps_stamp",
    "length_stays",
    "packed_inward",
    // In what is made of lists and arrays.
    "words_stay",
    "inner_words_stay",
    "parts_at_the_start",
    "slot_unmarked",
    "second_slice_unmarked",
    "spent_slot_changes",
    // What the copies are told.
    "pages_not_noted",
    "notes_to_one_copy",
    "notes_cleared_before_use",
    "roll_back_not_noted",
    "pins_ignored",
    // What a writer leaves behind.
    "odd_is_trusted",
    "recovery_does_nothing",
    "even_before_active",
    "active_before_notes",
];

/// Faults that do no harm:
/// * an item that is marked too much is copied too much, and what is known to be marked is not stamped, which counts as
///   moved;
/// * at a roll-back, what is dead in the copy that was written still says the truth about its own bytes; not to ask it
///   is caution;
/// * only the walk before the closure leaves an update unfinished, and it has changed nothing that is content.
const HARMLESS: [&str; 3] = ["stamping_keeps_marks", "dead_memory_trusted", "unfinished_is_even"];

/// A test of one scenario.
type Scenario = (&'static str, fn());

/// The tests that are no mix.
const SCENARIOS: [Scenario; 11] = [
    ("back_after_a_roll_back", directed::back_after_a_roll_back),
    ("cloned_short_and_rolled_back", directed::cloned_short_and_rolled_back),
    ("parked_short_and_rolled_back", directed::parked_short_and_rolled_back),
    ("parked_where_it_was_before", directed::parked_where_it_was_before),
    ("parked_and_taken_back", directed::parked_and_taken_back),
    ("parked_changed_and_taken_back", directed::parked_changed_and_taken_back),
    ("parked_in_the_others", directed::parked_in_the_others),
    ("out_and_back", directed::out_and_back),
    ("a_death_in_the_closure", deaths::in_the_closure),
    ("a_death_at_the_publication", deaths::at_the_publication),
    ("a_death_behind_the_publication", deaths::behind_the_publication),
];

/// One fault's part of the table, in a process that has the fault.
#[test]
fn hunt() {
    if std::env::var_os("SHMSTATE_HUNT").is_none() {
        return;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let limit = number("SHMSTATE_STEPS").unwrap_or(3000);
    let dir = dir();
    for (name, mix) in MIXES {
        let mut found: Vec<u64> = [1, 100_001, 200_001]
            .into_iter()
            .map(|first: u64| {
                let worlds = (first..).take(limit.div_ceil(WORLD) as usize).enumerate();
                worlds
                    .map(|(n, seed)| (n as u64 * WORLD, world::run(dir.path(), seed, mix, WORLD)))
                    .find_map(|(before, result)| result.err().map(|(step, _)| before + step))
                    .unwrap_or(u64::MAX)
            })
            .collect();
        found.sort_unstable();
        say(name, &if found[1] == u64::MAX { "-".into() } else { found[1].to_string() });
    }
    for (name, scenario) in SCENARIOS {
        say(name, if catch_unwind(AssertUnwindSafe(scenario)).is_ok() { "-" } else { "caught" });
    }
}

/// A result, past the test harness's capture.
fn say(name: &str, result: &str) {
    writeln!(std::io::stderr(), "RESULT {name} {result}").unwrap();
}

#[test]
fn mutants_are_caught() {
    let mut survivors = vec![];
    print!("{:32}", "");
    MIXES.iter().for_each(|(name, _)| print!("{name:>8}"));
    println!("  directed");
    for fault in FAULTS.into_iter().chain(HARMLESS) {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "state::moves::mutants::hunt", "--nocapture"])
            .env("SHMSTATE_HUNT", "1")
            .env("SHMSTATE_MUTANT", fault)
            .stdout(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        let results: Vec<(&str, &str)> =
            text.lines().filter_map(|line| line.strip_prefix("RESULT ")?.split_once(' ')).collect();
        let of = |name: &str| results.iter().find(|(n, _)| *n == name).map_or("died", |(_, result)| *result);
        print!("{fault:32}");
        MIXES.iter().for_each(|(name, _)| print!("{:>8}", of(name)));
        let directed: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).filter(|name| of(name) != "-").collect();
        println!("  {}", directed.join(", "));
        let caught = !output.status.success() || results.iter().any(|(_, result)| *result != "-");
        if caught == HARMLESS.contains(&fault) {
            survivors.push(fault);
        }
    }
    assert_eq!(survivors, [""; 0], "not as expected");
}
