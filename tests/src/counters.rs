//! A page of counters that processes share, by which the tests know what was promised to which process.

use memmap2::MmapRaw;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Counters in a file. A counter survives the process that counts.
pub struct Counters {
    map: MmapRaw,
}

impl Counters {
    /// Updates that were begun.
    pub const BEGUN: usize = 0;
    /// Updates that had returned `Ok`.
    pub const DONE: usize = 1;
    /// Processes that were killed.
    pub const KILLS: usize = 2;
    /// Arrivals at the barrier.
    pub const ARRIVED: usize = 3;
    /// Set when all should stop.
    pub const STOP: usize = 4;
    /// Free for a test's own use, with those that follow.
    pub const FREE: usize = 8;
    const WORDS: usize = 512;
    /// So many arrivals say that one will never arrive.
    const FAILED: u64 = 1 << 63;

    /// Opens the counters, all zero at first.
    ///
    /// # Panics
    /// If the file cannot be made or mapped.
    #[must_use]
    pub fn open(path: impl AsRef<Path>) -> Counters {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).expect("counters");
        file.set_len(Self::WORDS as u64 * 8).expect("room for the counters");
        Counters { map: MmapRaw::map_raw(&file).expect("mapped counters") }
    }

    /// One counter.
    ///
    /// # Panics
    /// If there is no such counter.
    #[must_use]
    pub fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < Self::WORDS);
        // SAFETY: inside of the mapping, by the line above, and aligned; every process uses it as an atomic word.
        unsafe { &*self.map.as_mut_ptr().cast::<AtomicU64>().wrapping_add(index) }
    }

    /// Counts one more.
    pub fn count(&self, index: usize) {
        self.word(index).fetch_add(1, SeqCst);
    }

    /// The count.
    #[must_use]
    pub fn get(&self, index: usize) -> u64 {
        self.word(index).load(SeqCst)
    }

    /// Waits until `party` processes have come here `round + 1` times.
    ///
    /// # Panics
    /// If one of them has panicked: it will not come.
    pub fn barrier(&self, party: u64, round: u64) {
        self.count(Self::ARRIVED);
        while self.get(Self::ARRIVED) < party * (round + 1) {
            std::thread::yield_now();
        }
        assert!(self.get(Self::ARRIVED) < Self::FAILED, "another one has failed");
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // No other process is to wait for this one.
            self.word(Self::ARRIVED).store(Self::FAILED, SeqCst);
        }
    }
}
