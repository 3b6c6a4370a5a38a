//! What lies where in a region file, and how one gets in.
//!
//! * `geometry`: offsets of everything, computed from a few numbers.
//! * `header`: the identity at the file's start: raw bytes, and what they are once they have been verified.
//! * `create`: a new region, complete before it has a name.
//! * `peek`: looking without the right to write.
//! * `kernel`: what a handle asks the operating system for.
//! * `retire`: what a handle does whose region is replaced.
//! * `view`: the shared words of a mapping.
//! * `attach`: verification, the mapping, the population; and leaving.
//! * `claim`: which slot a new handle gets, and which processes hold the others.

mod attach;
mod claim;
mod create;
#[cfg(test)]
mod format;
mod geometry;
mod header;
mod holes;
mod kernel;
mod peek;
mod retire;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use attach::{Region, StateType};
pub(crate) use create::{Plan, Sizes};
pub(crate) use header::recognise;
pub(crate) use peek::Peek;
