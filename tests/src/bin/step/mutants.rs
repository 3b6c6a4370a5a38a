//! The planted faults that a death shows.

use crate::Fallible;
use std::process::Command;

/// Each is in the library, at a place that is called so, in builds with `--cfg shmstate_mutants`.
const MUTANTS: [&str; 11] = [
    "odd_is_trusted",
    "odd_is_trusted_once_used",
    "even_before_active",
    "active_before_notes",
    "even_before_notes",
    "recovery_does_nothing",
    "notes_to_one_copy",
    "claim_ignores_the_word",
    "claim_leaves_pins",
    "pins_of_the_dead_stay",
    "reset_believes_copies",
];

/// Runs with each of them. Returns whether all were caught.
pub(crate) fn run() -> Fallible<bool> {
    if !cfg!(shmstate_mutants) {
        return Err("no faults are planted in this build: RUSTFLAGS='--cfg shmstate_mutants' cargo run --release \
                    --target-dir target/mutants -p shmstate-tests --bin step -- --mutants"
            .into());
    }
    let mut all = true;
    for mutant in MUTANTS {
        let output = Command::new(std::env::current_exe()?)
            .args(["--until-violation", "--copies", "3,2"])
            .env("SHMSTATE_MUTANT", mutant)
            .output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        let verdict = match output.status.code() {
            Some(0) => "SURVIVES",
            Some(1) => said.trim(),
            _ => return Err(format!("{mutant}: {}", String::from_utf8_lossy(&output.stderr)).into()),
        };
        all &= verdict != "SURVIVES";
        println!("{mutant:<28} {verdict}");
    }
    Ok(all)
}
