//! Waiting for versions.
//!
//! * `waiting`: until there is a newer version, or one of which something is true.
//! * `versions`: version after version, as an iterator.

mod versions;
mod waiting;

pub use versions::{NewVersion, Versions};
