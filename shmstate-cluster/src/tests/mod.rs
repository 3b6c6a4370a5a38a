//! Tests of the engines, and of machines on an engine in memory, which fails in all the ways in which an engine may fail.

use std::time::{Duration, Instant};

mod disagreeing;
mod engines;
mod joining;
mod losing;
mod lost;
pub(crate) mod memory;
mod refused;
mod taken_back;

/// How long a test waits for something that has to come. With a planted fault, it may never come.
fn patience() -> Duration {
    Duration::from_secs(if std::env::var_os("SHMSTATE_MUTANT").is_some() { 10 } else { 120 })
}

/// Waits until a condition holds.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + patience();
    while !holds() {
        assert!(Instant::now() < until, "not in {:?}: {what}", patience());
        std::thread::sleep(Duration::from_millis(1));
    }
}
