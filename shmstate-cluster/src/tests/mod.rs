//! Tests of the engines, and of machines on one in memory, which is as bad as an engine may be.

use std::time::{Duration, Instant};

mod disagreeing;
mod engines;
mod joining;
mod lost;
pub(crate) mod memory;
mod refused;
mod taken_back;

/// How long a test waits for something that has to come. With a planted fault, it may never come.
fn patience() -> Duration {
    Duration::from_secs(if std::env::var_os("SHMSTATE_MUTANT").is_some() { 10 } else { 120 })
}

/// Waits until something holds.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + patience();
    while !holds() {
        assert!(Instant::now() < until, "not in {:?}: {what}", patience());
        std::thread::sleep(Duration::from_millis(1));
    }
}
