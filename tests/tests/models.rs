//! The protocol under loom and under shuttle, and the faults that these have to find: built from the code that ships, with
//! flags of their own, beside the other builds.
//!
//! `SHMSTATE_SCHEDULES` is how many schedules shuttle tries of each of its scenes (200 without).

use std::path::Path;
use std::process::{Command, Output};

/// The folder of all builds.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    // A build of other flags is not this one's.
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("SHMSTATE_MUTANT");
    let Output { status, stdout, stderr } = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let said = String::from_utf8_lossy(&stdout).into_owned();
    println!("{said}");
    assert!(status.success(), "{status}\n{}", String::from_utf8_lossy(&stderr));
    said
}

/// How many scenes an explorer found nothing in.
fn explored(by: &str) -> usize {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--release", "--locked", "-p", "shmstate", "--lib", "--target-dir"]).arg(target().join(by));
    cargo.args(["commit::model", "--", "--nocapture"]).env("RUSTFLAGS", format!("--cfg shmstate_{by}"));
    if std::env::var_os("SHMSTATE_SCHEDULES").is_none() {
        cargo.env("SHMSTATE_SCHEDULES", "200");
    }
    let said = succeeds(&mut cargo);
    let passed = said.split("test result: ok. ").nth(1).and_then(|rest| rest.split(' ').next());
    passed.and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[test]
fn every_interleaving_of_a_few_threads() {
    let scenes = explored("loom");
    assert!(scenes > 30, "{scenes} scenes");
}

#[test]
fn random_schedules_of_many_lives() {
    let scenes = explored("shuttle");
    assert!(scenes >= 5, "{scenes} scenes");
}

#[test]
fn planted_faults_are_found() {
    let mut mutants = Command::new(env!("CARGO_BIN_EXE_mutants"));
    let said = succeeds(mutants.args(["--by", "loom,shuttle", "--faults-only"]).env("CARGO_TARGET_DIR", target()));
    let last = said.lines().last().unwrap_or_default();
    let caught = last.split(' ').next().and_then(|n| n.parse::<u32>().ok());
    assert!(caught.is_some_and(|caught| caught >= 40), "{last}");
}
