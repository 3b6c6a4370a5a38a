//! A state of which each writer knows what it has acknowledged.

use shmstate::{List, SharedLayout};

/// Writers that a [`Ledger`] has room for.
pub const WRITERS: usize = 8;

/// Counts the updates, of all writers and of each.
#[derive(SharedLayout)]
#[repr(C)]
pub struct Ledger {
    /// Updates of all writers: the number of the last one.
    pub total: u64,
    /// Updates of each.
    pub done: [u64; WRITERS],
    /// The writers of the last ones.
    last: List<u32, 100>,
}

impl Ledger {
    /// One update by that writer. Returns its number.
    pub fn post(&mut self, writer: usize) -> u64 {
        self.done[writer] += 1;
        self.total += 1;
        if self.last.push(writer as u32).is_err() {
            self.last.clear();
        }
        self.total
    }

    /// Whether it is of one version.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        // It is cleared instead of growing longer.
        let room = self.last.capacity() as u64 + 1;
        self.done.iter().sum::<u64>() == self.total && self.last.len() as u64 == self.total % room
    }
}
