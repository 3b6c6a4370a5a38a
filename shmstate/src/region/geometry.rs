//! Where everything lies in a region file. The format chapter draws it; a test compares the drawing with this file.

use crate::commit::{Control, CopyLine, Listed, MAX_COPIES, MAX_SLOTS, SlotLine};
use crate::track::{PAGE, Pages, log_len};

/// Bytes of the identity.
pub(super) const HEADER: u64 = 256;

/// Where the control words lie.
pub(super) const CONTROL: u64 = HEADER;

/// Where the slots begin.
pub(super) const SLOTS: u64 = 512;

const _: () = assert!(CONTROL + size_of::<Control>() as u64 <= SLOTS);

/// The numbers from which everything follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Geometry {
    /// Copies of the state that a new region has memory for.
    pub(crate) copies: usize,
    /// Copies that there are places for: those, and spare ones.
    pub(crate) max_copies: usize,
    /// Handles at a time.
    pub(crate) slots: usize,
    /// Bytes of the state.
    pub(crate) size: u64,
    /// Bytes of the schema.
    pub(crate) schema_len: u64,
}

impl Geometry {
    /// The geometry of these numbers, unless one of them, or the file, is out of all bounds.
    pub(super) fn new(copies: usize, max_copies: usize, slots: usize, size: u64, schema_len: u64) -> Option<Geometry> {
        let sound = (2..=max_copies).contains(&copies)
            && max_copies <= MAX_COPIES
            && (1..=MAX_SLOTS).contains(&slots)
            && (1..=1 << 48).contains(&size)
            && (1..=1 << 20).contains(&schema_len);
        sound.then_some(Geometry { copies, max_copies, slots, size, schema_len })
    }

    /// Where the list of readers begins.
    pub(super) fn readers(&self) -> u64 {
        SLOTS + (self.slots * size_of::<SlotLine>()) as u64
    }

    /// Words of the list of readers: whole cache lines.
    pub(super) fn reader_words(&self) -> usize {
        Listed::words(self.slots)
    }

    /// Where the times begin at which handles were attached: a word for each slot.
    pub(super) fn since(&self) -> u64 {
        self.readers() + self.reader_words() as u64 * 8
    }

    /// Where the copies' lines begin: at a cache line.
    pub(super) fn lines(&self) -> u64 {
        self.since() + (self.slots as u64 * 8).next_multiple_of(64)
    }

    /// Where the log begins.
    pub(super) fn log(&self) -> u64 {
        self.lines() + (self.max_copies * size_of::<CopyLine>()) as u64
    }

    /// Entries that the log has room for.
    pub(super) fn log_len(&self) -> usize {
        log_len(self.size)
    }

    /// Where the copies' page bits begin.
    pub(super) fn pages(&self) -> u64 {
        self.log() + self.log_len() as u64 * 8
    }

    /// Words of page bits, of all copies.
    pub(super) fn page_words(&self) -> usize {
        self.max_copies * Pages::words(self.size)
    }

    /// Where the schema begins.
    pub(super) fn schema(&self) -> u64 {
        self.pages() + self.page_words() as u64 * 8
    }

    /// Where the first copy begins: at a page.
    pub(super) fn images(&self) -> u64 {
        (self.schema() + self.schema_len).next_multiple_of(PAGE)
    }

    /// Bytes from one copy to the next: whole pages.
    pub(crate) fn stride(&self) -> u64 {
        self.size.next_multiple_of(PAGE)
    }

    /// Bytes of the file, spare copies included.
    pub(crate) fn file_len(&self) -> u64 {
        self.image(self.max_copies)
    }

    /// Where copy `k` begins, and the one before it ends.
    pub(crate) fn image(&self, k: usize) -> u64 {
        self.images() + k as u64 * self.stride()
    }
}
