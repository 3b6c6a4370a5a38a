//! The protocol under loom and under shuttle: the code that ships, over images whose data races are reported.
//!
//! ```text
//! RUSTFLAGS="--cfg shmstate_loom" cargo test -p shmstate --lib --profile explorer commit::model -- --nocapture
//! RUSTFLAGS="--cfg shmstate_shuttle" cargo test -p shmstate --lib --profile explorer commit::model -- --nocapture
//! ```
//!
//! Under loom, every interleaving, with everything that the orderings allow:
//!
//! * [`readers`]: readers against writers, in one handle and in several; roll-backs; log entries that are evicted to pages.
//! * [`writers`]: writers against each other, through spinning, sleeping and waking.
//! * [`optimistic`]: a read without a pin, while others write.
//! * [`followers`]: private images that catch up by the log, while others write it.
//! * [`deaths`]: a death before every write of an update, of a claim and of a read, and the processes that come after.
//! * [`guards`]: reads and updates that last from call to call, and end on other threads; abandoned updates; deaths of them.
//! * [`spares`]: copies that are taken into use when readers stay in all others.
//! * [`replacements`]: a region that another one replaces, and replacers that die.
//! * [`waiters`]: handles that sleep until there is a new version.
//! * [`elections`]: one elected handle at a time, and deaths of it.
//! * [`tasks`]: tasks for which one thread sleeps.
//! * [`sweeps`]: slots that are taken off the list of readers, and readers that come meanwhile.
//!
//! Under shuttle, [`schedules`] and [`successions`]: random interleavings, sequentially consistent, of processes that come, read, write, die
//! and are succeeded, for many versions; and of a state that moves from region to region meanwhile.
//!
//! That all of them can fail is shown by planted faults, one at a time: `cargo run -p shmstate-tests --bin mutants`.
//!
//! The state is three counters. Commit number `n` adds one to counter `(n - 1) % 3` and touches nothing else, so each
//! version has exactly one right content, and a log entry that gets lost leaves a content that no version has.
//!
//! What is not modelled: the order of `SeqCst` *accesses* as such (see [`crate::sync::model`]); the kernel's locks, sleeping
//! and waking are what [`fixture`] says they are; the 64-bit store that a version is has no tearing to be looked for.

mod cell;
#[cfg(shmstate_loom)]
mod deaths;
#[cfg(shmstate_loom)]
mod elections;
#[cfg(shmstate_loom)]
mod explore;
mod fixture;
#[cfg(shmstate_loom)]
mod followers;
#[cfg(shmstate_loom)]
mod guards;
mod images;
#[cfg(shmstate_loom)]
mod optimistic;
#[cfg(shmstate_loom)]
mod readers;
#[cfg(shmstate_loom)]
mod replacements;
#[cfg(shmstate_shuttle)]
mod schedules;
#[cfg(shmstate_loom)]
mod spares;
#[cfg(all(shmstate_loom, target_os = "linux"))]
mod stacks;
#[cfg(shmstate_shuttle)]
mod successions;
#[cfg(shmstate_loom)]
mod sweeps;
#[cfg(shmstate_loom)]
mod tasks;
#[cfg(shmstate_loom)]
mod waiters;
#[cfg(shmstate_loom)]
mod writers;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Runs that this program has begun, of whatever it explores.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// Says, if the exploration fails, after how many runs.
struct Runs(&'static str);

impl Runs {
    fn one_more() {
        RUNS.fetch_add(1, Relaxed);
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("found after {} {}", RUNS.load(Relaxed), self.0);
        }
    }
}
