//! Every interleaving.
//!
//! `SHMSTATE_MORE_PREEMPTIONS` is added to the bound of each scene that has one.

use super::Runs;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Runs `f` under every interleaving with at most `preemptions` preemptions (all, without a number).
pub(super) fn explore(name: &str, preemptions: Option<usize>, f: impl Fn() + Send + Sync + 'static) {
    let start = Instant::now();
    let executions = explored(preemptions, f);
    println!("{name}: {executions} executions, {:.1?}", start.elapsed());
}

/// [`explore`] without a word; returns the number of executions.
pub(super) fn explored(preemptions: Option<usize>, f: impl Fn() + Send + Sync + 'static) -> u64 {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions.map(|bound| bound + more_preemptions());
    builder.max_branches = 50_000;
    builder.max_threads = 5; // as many as loom has room for
    let executions = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&executions);
    let _runs = Runs("executions");
    builder.check(move || {
        *counted.lock().expect("no panic while counting") += 1;
        Runs::one_more();
        f();
    });
    let count = executions.lock().expect("no panic while counting");
    *count
}

/// How much further than usual to explore.
fn more_preemptions() -> usize {
    let given = std::env::var("SHMSTATE_MORE_PREEMPTIONS").ok();
    given.map_or(0, |n| n.parse().unwrap_or_else(|_| panic!("SHMSTATE_MORE_PREEMPTIONS is not a number: {n:?}")))
}
