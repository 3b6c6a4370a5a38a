//! Waiting for versions, and following a state.
//!
//! * `waiting`: until there is a newer version, or one of which something is true.
//! * `versions`: version after version, as an iterator.
//! * `change`: what has changed; `follower`: a private image that catches up.

mod change;
mod follower;
mod versions;
mod waiting;

pub use change::Change;
pub use follower::Follower;
pub use versions::{NewVersion, Versions};
