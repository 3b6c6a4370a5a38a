//! Waiting for a version: a flag in the lock word, and a bell.
//!
//! A waiter looks at the bell, raises [`NOTIFY`] in the lock word, looks whether there is a new version, and sleeps on the bell. The
//! unlock of an update takes all flags out of the word at once, and rings the bell if that one was among them: the number
//! grows, and all that sleep on it wake. An update that no handle waits for finds no flag and does nothing for it.
//!
//! No version is slept through. All changes of the lock word are read-modify-writes, so that the unlock of a version comes before
//! or after the waiter's flag in the word's order. If it comes before, the waiter has acquired that unlock and sees the version. If it
//! comes after, the first unlock after the flag finds it and rings. The waiter looked at the bell before it raised the flag, so it
//! knows an older number than that ring made: either it does not fall asleep, or it is woken.
//!
//! A bell is needed. Suppose that waiters slept on `published`: a writer could publish, the waiter could take that version for the
//! one that it has seen, and the unlock could take the flag before the waiter sleeps. Then the next update would find no flag.
//!
//! | died | what is there | what follows |
//! |---|---|---|
//! | a waiter, after its flag | the flag | one ring that wakes nothing; it takes the flag away |
//! | a writer, between its version and its unlock | the version, and the lock with the flag | the flag stays when the lock is taken over, and that unlock rings |
//! | a writer, between its unlock and the ring | a version that nothing rang for | the waiters' naps end |
//!
//! So a waiter never sleeps for longer than a nap, and the last row costs it at most that.

use super::outside::Clock;
use super::service::Service;
use super::shared::Shared;
use super::words::{NOTIFY, Published};
use crate::sync::{
    AtomicU32,
    Ordering::{AcqRel, Relaxed},
    fence_acquire,
};
use std::time::Duration;

/// How long to sleep at first, should no ring come; it doubles from then on.
const FIRST_NAP: Duration = Duration::from_millis(1);

/// The longest time to sleep without a look at the version.
const LONGEST_NAP: Duration = Duration::from_millis(64);

/// The same for waiters that cannot raise the flag.
const LONGEST_UNANNOUNCED_NAP: Duration = Duration::from_millis(16);

impl Published {
    /// Whether a waiter that has seen `version` has something to do: there is a newer one, or the region leaves service.
    pub(crate) fn is_news(self, version: u64) -> bool {
        self.version > version || self.service() != Service::In
    }
}

impl Shared<'_> {
    /// Waits until there is [news](Published::is_news) after `version`; `None` when the time is up. `sleep` sleeps on a word, as
    /// [`Os::wait`](super::Os::wait) does.
    pub(crate) fn wait_newer(
        &self,
        version: u64,
        sleep: impl Fn(&AtomicU32, u32, Duration),
        clock: &mut impl Clock,
    ) -> Option<Published> {
        let lock = &self.control.lock;
        let mut nap = FIRST_NAP;
        loop {
            let bell = lock.bell.load(Relaxed);
            lock.word.fetch_or(NOTIFY, AcqRel); // [F1]
            let now = self.published();
            if now.is_news(version) {
                return Some(now);
            }
            sleep(&lock.bell, bell, clock.remaining()?.min(nap));
            nap = (nap * 2).min(LONGEST_NAP);
            let now = self.published();
            if now.is_news(version) {
                return Some(now);
            }
        }
    }

    /// [`Self::wait_newer`] where the region is mapped for reading, so that no flag can be raised: the bell rings for other waiters
    /// only.
    pub(crate) fn wait_unannounced(
        &self,
        version: u64,
        sleep: impl Fn(&AtomicU32, u32, Duration),
        clock: &mut impl Clock,
    ) -> Option<Published> {
        let bell = &self.control.lock.bell;
        let mut nap = FIRST_NAP;
        loop {
            let seen = bell.load(Relaxed);
            // A ring after this comes with a later look at the version than the next one, or changes the number.
            fence_acquire();
            let now = self.published_relaxed();
            if now.is_news(version) {
                return Some(now);
            }
            sleep(bell, seen, clock.remaining()?.min(nap));
            nap = (nap * 2).min(LONGEST_UNANNOUNCED_NAP);
        }
    }
}
