//! Waiting for versions, and following a state.
//!
//! * `waiting`: until there is a newer version, or one of which something is true.
//! * `changed`: the same for tasks.
//! * `versions`: version after version, as an iterator; `stream`: for tasks; `readiness`: for loops over descriptors.
//! * `attached`: which processes are there, and the elected one.
//! * `watch`: changes of a part.
//! * `change`: what has changed; `paths`: its names; `follower`: a private image that catches up; `source`: what it follows; `unpinned`: through a
//!   read-only handle.

mod attached;
mod change;
mod changed;
mod follower;
mod paths;
mod readiness;
mod source;
mod stream;
mod unpinned;
mod versions;
mod waiting;
mod watch;

pub use attached::Elected;
pub use change::Change;
pub use changed::Changed;
pub use follower::Follower;
pub use readiness::Readiness;
pub use stream::VersionStream;
pub use versions::{NewVersion, Versions};
pub use watch::Watch;
