//! The bytes of a region from outside: what a death leaves, and what the format chapter says of it.

use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::ops::Range;
use std::path::Path;

/// Handles of every region here. The bystander has slot 0, the one that dies 1 (or 2), the one that goes on 3.
pub(crate) const HANDLES: usize = 4;

/// What follows the identity, which no process writes once the region has a name.
const CHANGING: usize = 256;

const PAGES_AT: usize = 144;
const LOG_AT: usize = 176;
const WORD: usize = 256;
/// Beside the slot that has the lock, its word has three flags: of writers that sleep, of handles that wait for a version, and of a
/// writer that comes next.
const FLAGS: u32 = 0b111 << 29;
const NOTIFY: u32 = 1 << 30;
const PUBLISHED: usize = 320;
const LOG_END: usize = 328;
const TURNS_UNTIL: usize = 352;
const TURNS: usize = 360;
const RECOVERIES: usize = 392;
const ELECTED: usize = 428;
const SLOTS: usize = 512;
/// In a slot: the copy that its handle's owner thread is in, with [`PINNED`]; without it, that thread is in none.
const OWNER: usize = 56;
const PINNED: u32 = 256;
/// The list of readers: for so few slots one word of summary, one of bits, and the rest of a line.
const SUMMARY: usize = SLOTS + 64 * HANDLES;
const LISTED: usize = SUMMARY + 8;
/// When each handle was attached: for so few slots a part of a line.
const SINCE: usize = SUMMARY + 64;
const LINES: usize = SINCE + 64;
const LOG_POSITION: usize = 16;
const DIRTY_PAGES: usize = 24;

/// A region's file, seen through a mapping of this program's own.
pub(crate) struct Image {
    map: MmapRaw,
}

/// The words of a region that the checks look at.
pub(crate) struct Words<'a>(pub(crate) &'a [u8]);

/// What [`Words::kind`] tells apart.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    lock: u32,
    published: u64,
    lines: Vec<(bool, bool)>,
    pins: u32,
    listed: u64,
}

impl Image {
    pub(crate) fn open(path: &Path) -> std::io::Result<Image> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Image { map: MmapOptions::new().map_raw(&file)? })
    }

    /// All bytes as they are now.
    ///
    /// The reference must not outlive the standstill of the region's writer: every caller here runs while the traced
    /// process is stopped or dead, and lets go of the bytes before it, or a handle of this process, goes on.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is as long as it says and stays for the borrow; see above for its writers.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr(), self.map.len()) }
    }

    /// Makes the region what it was when `bytes` were taken, but for its identity.
    pub(crate) fn overwrite(&self, bytes: &[u8]) {
        assert_eq!(bytes.len(), self.map.len(), "regions of the same sizes");
        let to = self.map.as_mut_ptr().wrapping_add(CHANGING);
        // SAFETY: inside the mapping; the region is not used meanwhile (see `bytes`), and `bytes` are memory of this
        // process's own.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().wrapping_add(CHANGING), to, bytes.len() - CHANGING) }
    }

    /// Lets the readers of a slot leave.
    pub(crate) fn unpin(&self, slot: usize) {
        let to = self.map.as_mut_ptr().wrapping_add(SLOTS + 64 * slot);
        // SAFETY: inside the mapping; the region is not used meanwhile.
        unsafe { std::ptr::write_bytes(to, 0, 32) }
        // SAFETY: as above.
        unsafe { std::ptr::write_bytes(to.wrapping_add(OWNER), 0, 4) }
    }

    /// Lets no copy rest any more.
    pub(crate) fn always_turns(&self, copies: usize) {
        // SAFETY: two words inside the mapping; the region is not used meanwhile.
        let words = unsafe { std::slice::from_raw_parts_mut(self.map.as_mut_ptr(), SLOTS) };
        always_turns(words, copies);
    }

    pub(crate) fn differs(&self, from: &[u8]) -> bool {
        self.bytes() != from
    }

    pub(crate) fn words(&self) -> Words<'_> {
        Words(self.bytes())
    }
}

/// A number for the bytes that can change.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(&bytes[CHANGING..])
}

/// Pins a copy for a slot, as a reader that died has left it.
pub(crate) fn pin(bytes: &mut [u8], slot: usize, copy: usize) {
    bytes[SLOTS + 64 * slot + 4 * copy] = 1;
}

/// A handle waits for a version.
pub(crate) fn wait(bytes: &mut [u8]) {
    let word = Words(bytes).u32(WORD) | NOTIFY;
    bytes[WORD..WORD + 4].copy_from_slice(&word.to_ne_bytes());
}

/// No copy rests, as of a state that is not small.
pub(crate) fn always_turns(bytes: &mut [u8], copies: usize) {
    bytes[TURNS_UNTIL..TURNS_UNTIL + 8].fill(0xff);
    bytes[TURNS..TURNS + 4].copy_from_slice(&(copies as u32).to_ne_bytes());
}

/// That slot has the elected handle.
pub(crate) fn elect(bytes: &mut [u8], slot: usize) {
    bytes[ELECTED..ELECTED + 4].copy_from_slice(&(slot as u32 + 1).to_ne_bytes());
}

/// Takes every slot off the list of readers, as a writer that died in a sweep may have left it: a reader can have put its
/// slot there before the writer's step, and called it listed after.
pub(crate) fn unlist(bytes: &mut [u8]) {
    bytes[SUMMARY..LINES].fill(0);
}

impl Words<'_> {
    fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes(std::array::from_fn(|i| self.0[at + i]))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_ne_bytes(std::array::from_fn(|i| self.0[at + i]))
    }

    /// The slot that has the lock.
    pub(crate) fn owner(&self) -> Option<usize> {
        (self.u32(WORD) & !FLAGS).checked_sub(1).map(|slot| slot as usize)
    }

    pub(crate) fn version(&self) -> u64 {
        self.u64(PUBLISHED) >> 8
    }

    /// The active copy.
    pub(crate) fn active(&self) -> usize {
        (self.u64(PUBLISHED) & 0x7f) as usize
    }

    pub(crate) fn recoveries(&self) -> u64 {
        self.u64(RECOVERIES)
    }

    pub(crate) fn sequence(&self, copy: usize) -> u64 {
        self.u64(LINES + 64 * copy)
    }

    pub(crate) fn is_odd(&self, copy: usize) -> bool {
        self.sequence(copy) % 2 == 1
    }

    /// Whether what the copy has to take over has run over to page bits.
    pub(crate) fn has_dirty_pages(&self, copy: usize) -> bool {
        self.u32(LINES + 64 * copy + DIRTY_PAGES) != 0
    }

    /// How many entries the log holds.
    pub(crate) fn log_len(&self) -> u64 {
        (self.u64(PAGES_AT) - self.u64(LOG_AT)) / 8
    }

    /// How many entries can be written before one is overwritten that one of the copies still needs.
    pub(crate) fn log_left(&self, copies: usize) -> u64 {
        let length = self.log_len();
        let position = |copy: usize| self.u64(LINES + 64 * copy + LOG_POSITION);
        let needing = (0..copies).filter(|&copy| copy != self.active() && !self.is_odd(copy));
        needing.map(|copy| length.saturating_sub(self.u64(LOG_END) - position(copy))).min().unwrap_or(length)
    }

    /// The pins of a slot, in all copies.
    pub(crate) fn pins(&self, slot: usize) -> u32 {
        let line: Range<usize> = SLOTS + 64 * slot..SLOTS + 64 * slot + 32;
        let owner = self.u32(SLOTS + 64 * slot + OWNER);
        line.step_by(4).map(|at| self.u32(at)).sum::<u32>() + u32::from(owner & PINNED != 0)
    }

    /// Whether a slot is in the list of readers.
    fn is_listed(&self, slot: usize) -> bool {
        self.u64(SUMMARY) & 1 != 0 && self.u64(LISTED) & 1 << slot != 0
    }

    /// Whether a slot pins a copy.
    pub(crate) fn is_pinned(&self, slot: usize, copy: usize) -> bool {
        let owner = self.u32(SLOTS + 64 * slot + OWNER);
        self.u32(SLOTS + 64 * slot + 4 * copy) != 0 || owner == copy as u32 | PINNED
    }

    /// Whether a slot pins a copy so that writers see it: a reader that died before its slot was listed keeps no copy.
    pub(crate) fn is_in_the_way(&self, slot: usize, copy: usize) -> bool {
        self.is_pinned(slot, copy) && self.is_listed(slot)
    }

    /// What kind of crash state it is: those of the same kind differ in content and log only.
    pub(crate) fn kind(&self, copies: usize) -> Kind {
        Kind {
            lock: self.u32(WORD),
            published: self.u64(PUBLISHED),
            lines: (0..copies).map(|k| (self.is_odd(k), self.has_dirty_pages(k))).collect(),
            pins: self.pins(1) + self.pins(2),
            listed: self.u64(LISTED),
        }
    }
}
