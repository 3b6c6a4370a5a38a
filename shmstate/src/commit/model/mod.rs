//! The protocol under loom: the code that ships, over images whose data races loom reports.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p shmstate --lib --release commit::model -- --nocapture
//! ```
//!
//! * [`readers`]: readers against writers, in one handle and in several; roll-backs; notes that run over to pages.
//! * [`writers`]: writers against each other, through spinning, sleeping and waking.
//! * [`deaths`]: a death before every write of an update, of a claim and of a read, and who comes after.
//! * [`spares`]: copies that are taken into use when readers stay in all others.
//! * [`faults`]: each ordering weakened and each lock rule broken once: one of the scenarios above must fail.
//!
//! The state is three counters. Commit number `n` adds one to counter `(n - 1) % 3` and touches nothing else, so each
//! version has exactly one right content, and a note that gets lost leaves a content that no version has.
//!
//! What is not modelled: the order of `SeqCst` *accesses* as such (see [`crate::sync::model`]); the kernel's locks, sleeping
//! and waking are what [`world`] says they are; the 64-bit store that a version is has no tearing to be looked for.

mod deaths;
mod faults;
mod readers;
mod spares;
mod world;
mod writers;

use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Runs `f` under every interleaving with at most `preemptions` preemptions (all, without a number).
fn explore(name: &str, preemptions: Option<usize>, f: impl Fn() + Send + Sync + 'static) {
    let start = Instant::now();
    let executions = explored(preemptions, f);
    println!("{name}: {executions} executions, {:.1?}", start.elapsed());
}

/// [`explore`] without a word; returns the number of executions.
fn explored(preemptions: Option<usize>, f: impl Fn() + Send + Sync + 'static) -> u64 {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.max_branches = 20_000;
    let executions = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&executions);
    builder.check(move || {
        *counted.lock().expect("no panic while counting") += 1;
        f();
    });
    let count = executions.lock().expect("no panic while counting");
    *count
}
