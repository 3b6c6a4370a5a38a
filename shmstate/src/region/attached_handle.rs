//! A handle that is attached, as others see it.

use crate::plain::Timestamp;

/// A handle that is attached: [`State::attached`](crate::State::attached).
///
/// That it lives is what the kernel says. The rest is what its process says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Attached {
    /// Its number in the region.
    pub slot: usize,
    /// The process, in its own PID namespace.
    pub pid: u32,
    /// That namespace, by its inode; 0 if it is not known.
    pub namespace: u32,
    /// The name of the process's command, of which at most 16 bytes are kept.
    pub command: String,
    /// When the handle was attached.
    pub since: Timestamp,
}
