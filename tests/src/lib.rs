//! What the tests with processes share: a state with a workload, and the means to start, stop and kill processes.
pub mod all;
mod cgroup;
mod child;
mod churn;
mod counted;
mod counters;
mod dir;
mod fixture;
pub mod history;
pub mod hostile;
mod ledger;
mod log;
pub mod mutants;
mod release;
pub mod replacement;
mod rng;
mod term;
pub mod types;
mod wait;

pub use cgroup::Cgroup;
pub use child::{Child, Fate, PATIENCE};
pub use churn::{Churn, ChurnOutcome};
pub use counted::Counted;
pub use counters::Counters;
pub use dir::{disk_dir, has_proc, scratch_dir, tmpfs};
pub use fixture::{Fixture, Mood, Person, SPOTS};
pub use ledger::{Ledger, WRITERS};
pub use log::{Entry, Kind, Log, now_ns};
pub use release::{Release, Release1, Release2};
pub use rng::Rng;
pub use term::Term;
pub use wait::{SetOnDrop, eventually};

/// Seed of the fixtures in all tests: any process can work out any version.
pub const SEED: u64 = 0x5eed;
