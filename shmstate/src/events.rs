//! What happens seldom, as events for `tracing` in builds with the feature of that name; without it nothing is left of this.
//!
//! Every event comes from a cold path: one that never waits, never meets a death and never fails passes none of them.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables))]

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

/// Waits that are shorter are not worth an event.
const LONG: Duration = Duration::from_millis(1);

/// `tracing`'s macro of that level, or nothing.
macro_rules! event {
    ($level:ident, $($what:tt)+) => {
        #[cfg(feature = "tracing")]
        ::tracing::$level!(target: "shmstate", $($what)+)
    };
}

/// A region was made and got its name.
#[cold]
pub(crate) fn created(path: &Path, bytes: u64, copies: usize, handles: usize) {
    event!(info, path = %path.display(), bytes, copies, handles, "created");
}

/// The first handle of a new population made the region clean.
#[cold]
pub(crate) fn reset(path: &Path, version: u64) {
    event!(info, path = %path.display(), version, "reset");
}

/// A writer died with the lock, and its lock was taken over.
#[cold]
pub(crate) fn recovered(path: &Path, slot: usize, pid: u32, version: u64) {
    event!(warn, path = %path.display(), slot, pid, version, "recovered");
}

/// The pins of a dead reader were in the way and were cleared.
#[cold]
pub(crate) fn reclaimed(path: &Path, slot: usize, pid: u32) {
    event!(info, path = %path.display(), slot, pid, "reclaimed");
}

/// A spare copy was taken into use, for readers stay in all others.
#[cold]
pub(crate) fn spare(path: &Path, copies: usize) {
    event!(info, path = %path.display(), copies, "spare");
}

/// Readers that live hold every copy.
#[cold]
pub(crate) fn pinned(path: &Path, slots: u64) {
    event!(debug, path = %path.display(), slots = format_args!("{slots:#b}"), "pinned");
}

/// An update has waited, whether or not it got what it waited for.
#[cold]
pub(crate) fn waited(path: &Path, time: Duration) {
    if time >= LONG {
        event!(debug, path = %path.display(), time = ?time, "waited");
    }
}

/// A call gave up, because others were in the way for too long.
#[cold]
pub(crate) fn busy(error: &dyn Display) {
    event!(warn, error = %error, "busy");
}
