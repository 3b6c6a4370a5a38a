#![doc = include_str!("../README.md")]

// From the ground up:
//
// * `error`; `entry`, `delta`: what the log has; `engine`: what the cluster is built on; `contents`: all of a state, from an engine.
// * `paths`, `advice`, `control`, `replica`: the regions of a machine; `identity`: which machine and state an entry belongs to.
// * `end`: why a connection ends; `incoming`: what its entries do on this machine; `connect`: its beginning; `session`: all of it.
// * `link`: one connection after the other; `setup`: the first process of a machine; `worker`: the thread that is the link.
// * `options`: how a state is joined; `state`: the user's handle.

mod advice;
mod connect;
mod contents;
mod control;
mod delta;
mod end;
mod engine;
mod entry;
mod error;
mod identity;
mod incoming;
mod link;
mod options;
mod paths;
mod replica;
mod session;
mod setup;
mod state;
#[cfg(test)]
mod tests;
mod turns;
mod worker;

pub use error::Error;
pub use options::Options;
pub use state::{ClusterState, Status, remove};

#[doc = include_str!("../docs/design.md")]
pub mod design {}
