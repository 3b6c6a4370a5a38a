#![doc = include_str!("../README.md")]

// From the ground up:
//
// * `error`; `head`, `pages`: what a store has; `grown`, `untouched`: media; `paths`, `store`: the database.
// * `advice`: what the user does with a region; `control`: the regions by which the processes agree; `backup`: stores beside the one that is in use.
// * `keeper`: the thread that writes; `unfinished`: what goes if an opening fails; `options`: how a state is opened; `state`: what the user holds.

mod advice;
mod backup;
mod control;
mod error;
mod grown;
mod head;
mod keeper;
mod options;
mod pages;
mod paths;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod unfinished;
mod untouched;

pub use backup::{backup, remove, restore, verify, write_backup};
pub use error::Error;
pub use options::Options;
pub use state::DurableState;

#[doc = include_str!("../docs/design.md")]
pub mod design {}
