//! Sleeping on a word that several processes share.

use crate::sync::AtomicU32;
use rustix::thread::futex::{self, Flags};
use std::time::Duration;

/// Sleeps while `word` is `seen`, for at most `limit`. May return early: the caller looks again.
pub(crate) fn futex_wait(word: &AtomicU32, seen: u32, limit: Duration) {
    let limit = futex::Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    };
    // Not private: the word is shared with other processes. Every outcome means: look again.
    let _ = futex::wait(word, Flags::empty(), seen, Some(&limit));
}

/// Wakes all that sleep on `word`.
pub(crate) fn futex_wake_all(word: &AtomicU32) {
    futex_wake(word, i32::MAX as u32);
}

/// Wakes as many that sleep on `word`.
pub(crate) fn futex_wake(word: &AtomicU32, count: u32) {
    let _ = futex::wake(word, Flags::empty(), count);
}
