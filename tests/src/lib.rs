//! What the tests with processes share: a state with a workload, and the means to start, stop and kill processes.
mod actor;
pub mod all;
mod cgroup;
mod counted;
mod dir;
pub mod history;
pub mod hostile;
mod ledger;
mod log;
mod made;
pub mod mutants;
mod release;
pub mod replacement;
mod rng;
mod tally;
mod term;
pub mod types;
mod wait;
mod world;

pub use actor::{Actor, Fate, PATIENCE};
pub use cgroup::Cgroup;
pub use counted::Counted;
pub use dir::{disk_dir, has_proc, scratch_dir, tmpfs};
pub use ledger::{Ledger, WRITERS};
pub use log::{Entry, Kind, Log, now_ns};
pub use made::{Churn, Made};
pub use release::{Release, Release1, Release2};
pub use rng::Rng;
pub use tally::Tally;
pub use term::Term;
pub use wait::{SetOnDrop, eventually};
pub use world::{Mood, Person, SPOTS, World};

/// Seed of the worlds in all tests: any process can work out any version.
pub const SEED: u64 = 0x5eed;
