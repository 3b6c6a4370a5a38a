//! [`State`]: what the user holds.
//!
//! * `handle`: a handle, its `read`, and what it tells about itself.
//! * `update`: one transaction, from the lock to the verdict.
//! * `snapshot`: a private copy.
//! * `options`: how a state is created and opened.

mod clock;
mod handle;
mod options;
mod snapshot;
mod update;

pub use handle::{State, remove};
pub use options::Options;
