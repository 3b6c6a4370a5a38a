//! Waits of tests that end, whatever fails.

use crate::PATIENCE;
use std::sync::atomic::{AtomicBool, Ordering::Release};
use std::time::Instant;

/// Sets the flag when it is dropped, so that what loops until then ends, also when a check fails meanwhile: a scope waits for its threads
/// before it lets a panic go on.
pub struct SetOnDrop<'a>(pub &'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Release);
    }
}

/// Waits until something holds.
///
/// # Panics
/// If it does not for [`PATIENCE`].
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}");
        std::thread::yield_now();
    }
}
