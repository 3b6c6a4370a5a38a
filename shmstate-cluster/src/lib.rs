#![doc = include_str!("../README.md")]

// From the ground up:
//
// * `error`; `entry`, `delta`: what the log has; `engine`: what the cluster is built on; `contents`: all of a state, from an engine.
// * `paths`, `control`, `replica`: the regions of a machine; `identity`: whose entries are whose.
// * `session`: one connection; `link`: one after the other; `setup`: its first process; `worker`: the thread that is the link.
// * `options`: how a state is joined; `state`: what the user holds.

mod contents;
mod control;
mod delta;
mod engine;
mod entry;
mod error;
mod identity;
mod link;
mod options;
mod paths;
mod replica;
mod session;
mod setup;
mod state;
#[cfg(test)]
mod tests;
mod worker;

pub use error::Error;
pub use options::Options;
pub use state::{ClusterState, Status, remove};

#[doc = include_str!("../docs/design.md")]
pub mod design {}
