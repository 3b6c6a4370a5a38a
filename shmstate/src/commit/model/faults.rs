//! Faults, each planted alone: the scenario named beside it must fail.
//!
//! A process has one fault, from its environment, so each one runs in a child: this very program, with one test. That the
//! same test passes without the fault is what the plain run shows.

use std::process::Command;
use std::time::Instant;

/// Runs `scenario` with `fault` planted, and expects it to fail with a message that contains `symptom`.
fn caught(fault: &str, scenario: &str, symptom: &str) {
    let start = Instant::now();
    let path = module_path!().split_once("::").expect("inside of a crate").1.replace("faults", scenario);
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", &path, "--nocapture"])
        .env("SHMSTATE_MUTANT", fault)
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("the child runs");
    let said = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(said.contains("running 1 test"), "no such scenario: {path}");
    assert!(!child.status.success(), "{fault}: not caught by {scenario}");
    let message = said.lines().skip_while(|line| !line.contains("panicked at")).skip(1).find(|line| !line.is_empty());
    let message = message.unwrap_or_default();
    assert!(message.contains(symptom), "{fault}: {scenario} failed, but not with {symptom:?}:\n{said}");
    println!("| {fault} | {scenario} | {message} | {:.1?} |", start.elapsed());
}

/// What loom says of an image that is read and written at once.
const RACE: &str = "Causality violation: Concurrent";

/// What a writer says that finds another content than the version promises.
const LOST: &str = "a commit got lost";

/// What loom says when somebody waits for ever: for a lock or a copy that nobody will give back.
const STUCK: &str = "Model exceeded maximum number of branches";

#[test]
fn r1_acq_rel() {
    caught("R1", "readers::two_copies_the_owner", RACE);
    caught("R1", "readers::three_copies_two_owners", RACE);
    caught("R1", "readers::two_copies_one_reader", RACE);
    caught("R1", "readers::three_copies_two_handles", RACE);
}

#[test]
fn r2_relaxed() {
    caught("R2", "readers::two_copies_the_owner", RACE);
    caught("R2", "readers::two_copies_one_reader", RACE);
    caught("R2", "readers::three_copies_one_reader", RACE);
}

#[test]
fn r3_relaxed() {
    caught("R3", "readers::two_copies_the_owner", RACE);
    caught("R3", "readers::two_copies_one_reader", RACE);
    caught("R3", "readers::two_copies_one_handle_two_threads", RACE);
}

#[test]
fn w1_relaxed() {
    caught("W1", "writers::two_writers", LOST);
}

#[test]
fn w2_left_out() {
    caught("W2", "readers::two_copies_the_owner", RACE);
    caught("W2", "readers::two_copies_one_reader", RACE);
}

#[test]
fn w3_relaxed() {
    caught("W3", "readers::two_copies_the_owner", RACE);
    caught("W3", "readers::two_copies_one_reader", RACE);
    caught("W3", "readers::three_copies_one_reader", RACE);
}

#[test]
fn w4_relaxed() {
    caught("W4", "readers::two_copies_one_reader", RACE);
    caught("W4", "readers::three_copies_one_reader", RACE);
}

#[test]
fn w6_relaxed() {
    caught("W6", "writers::two_writers", RACE);
}

/// Only without fences: see [`crate::sync::model`].
#[test]
fn s1_relaxed() {
    caught("S1", "readers::a_slot_is_claimed_late_without_fences", RACE);
}

#[test]
fn byte_released_before_the_cas() {
    caught("byte_released_before_the_cas", "deaths::a_slot_is_claimed_while_it_is_probed", RACE);
}

/// The pins of a live reader are taken from it: its count falls below zero, and its copy is pinned for ever.
#[test]
fn byte_released_before_the_pins() {
    caught("byte_released_before_the_pins", "deaths::a_reader_dies_and_its_slot_reads_on", STUCK);
}

#[test]
fn probe_without_holding() {
    caught("probe_without_holding", "deaths::a_slot_is_claimed_while_it_is_probed", RACE);
    caught("probe_without_holding", "deaths::a_reader_dies_and_its_slot_reads_on", STUCK);
}

#[test]
fn claim_ignores_the_word() {
    caught("claim_ignores_the_word", "deaths::two_claim_the_slot_of_a_dead_writer", STUCK);
}

#[test]
fn claim_leaves_pins() {
    caught("claim_leaves_pins", "deaths::a_reader_dies_and_its_slot_reads_on", STUCK);
    caught("claim_leaves_pins", "deaths::an_owner_dies_and_its_slot_reads_on", STUCK);
}

#[test]
fn no_take_over() {
    caught("no_take_over", "deaths::a_writer_dies_while_another_writes", STUCK);
}

#[test]
fn recovery_does_nothing() {
    caught(
        "recovery_does_nothing",
        "deaths::a_writer_dies_while_another_writes",
        "the active copy is marked as half-written",
    );
}

#[test]
fn odd_is_trusted() {
    caught("odd_is_trusted", "deaths::a_writer_dies_while_another_writes", LOST);
}

#[test]
fn even_before_active() {
    caught("even_before_active", "deaths::the_second_dies_as_well", LOST);
}

#[test]
fn notes_to_one_copy() {
    caught("notes_to_one_copy", "readers::three_copies_one_reader", LOST);
}

#[test]
fn spare_counted_before_its_room() {
    caught(
        "spare_counted_before_its_room",
        "spares::a_writer_dies_as_it_takes_a_spare_copy",
        "a copy is written that has no memory",
    );
}
