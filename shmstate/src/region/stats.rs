//! What a region counts.

use std::time::Duration;

/// What has happened to a region since it was created, in all processes together.
///
/// The numbers are read one after the other while other processes may go on. Each number is right by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Updates that were committed: the version.
    pub commits: u64,
    /// Updates that were rolled back, by `Err` or by a panic.
    pub roll_backs: u64,
    /// Writers that died with the lock, and whose lock was taken over.
    pub recoveries: u64,
    /// Dead handles whose readers' pins were in a writer's way and were cleared.
    pub pins_reclaimed: u64,
    /// Copies in use: as many as the region was made with, and the spare ones that writers have taken since.
    pub copies: usize,
    /// Copies that the region may come to have ([`max_copies`](crate::Options::max_copies) when it was created, which may be
    /// another number than this process asks for).
    pub max_copies: usize,
    /// Handles that the region can have at a time ([`handles`](crate::Options::handles) when it was created).
    pub handles: usize,
    /// The longest time that an update waited for the lock and for a copy, whether or not it got them.
    pub longest_wait: Duration,
}
