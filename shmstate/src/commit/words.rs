//! The words that processes share, each kind on cache lines of its own.
//!
//! Each of these words may hold any value, because any process that can write the file can change it. So each value is range-checked
//! where it is used.

use crate::sync::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Most copies that a region can have.
#[cfg(not(shmstate_loom))]
pub(crate) const MAX_COPIES: usize = 8;
/// Three is the first number with a choice between copies; every word is an object that loom tracks.
#[cfg(shmstate_loom)]
pub(crate) const MAX_COPIES: usize = 3;

/// Most slots that a region can have: a slot's number has to fit beside the flags in the lock word.
pub(crate) const MAX_SLOTS: usize = 1 << 16;

/// The flag in the lock word that a writer sleeps.
pub(super) const WAIT: u32 = 1 << 31;

/// The flag in the lock word that a handle waits for a new version: the next unlock rings the [bell](LockLine::bell).
pub(super) const NOTIFY: u32 = 1 << 30;

/// The flag in the lock word that a writer is next: the owner leaves the lock alone for a moment after its unlock.
pub(super) const NEXT: u32 = 1 << 29;

/// What the lock word says without its flags.
pub(super) const OWNER: u32 = !(WAIT | NOTIFY | NEXT);

/// In the owner's word: it is in the copy with the number beside it.
pub(super) const PINNED: u32 = 1 << 8;

/// In the owner's word: it has not read since the last [sweep](super::readers). 0 once it has.
pub(super) const AGED: u32 = 1 << 9;

/// The `synced` of a copy that was never published. No version comes near it.
pub(crate) const NEVER: u64 = u64::MAX;

/// Added to the sequence of a copy that is written: it holds a version again.
pub(super) const WHOLE: u64 = 1;

/// Added to the sequence of a copy that is written: it holds no version until it has caught up, and what it lacks is known.
pub(super) const LAGS: u64 = 3;

/// The words that a region has once.
#[repr(C)]
pub(crate) struct Control {
    pub(crate) lock: LockLine,
    pub(crate) active: ActiveLine,
    pub(crate) counters: CounterLine,
}

/// The writer's lock.
#[repr(C, align(64))]
pub(crate) struct LockLine {
    /// 0, or the owner's slot plus one, with [`WAIT`], [`NOTIFY`] and [`NEXT`].
    pub(crate) word: AtomicU32,
    /// Grows whenever the lock is released while a handle waits for a version: see [`super::waiting`]; and when a handle attaches,
    /// leaves, or resigns: see [`super::election`].
    pub(crate) bell: AtomicU32,
}

/// What readers follow, and what else each update moves.
#[repr(C, align(64))]
pub(crate) struct ActiveLine {
    /// A [`Published`].
    pub(crate) published: AtomicU64,
    /// Entries that were ever written into the log: the index of the next one.
    pub(crate) log_end: AtomicU64,
    /// The log can grow to this index before it overwrites an entry that a copy still needs.
    pub(crate) append_limit: AtomicU64,
    /// The version of the last commit that marked pages besides its log entries; for [followers](super::followers).
    pub(crate) spilled: AtomicU64,
    /// Up to this version, all copies have their turn: see [`super::turns`].
    pub(crate) turns_until: AtomicU64,
    /// The copies below this number have their turn.
    pub(crate) turns: AtomicU32,
}

/// What changes seldom.
#[repr(C, align(64))]
pub(crate) struct CounterLine {
    /// Slots that were ever used are below this one.
    pub(crate) used: AtomicU32,
    /// 1 once the first handle of the present population has made the region clean.
    pub(crate) ready: AtomicU32,
    /// Writers that died and were recovered from.
    pub(crate) recoveries: AtomicU64,
    /// Updates that were rolled back.
    pub(crate) roll_backs: AtomicU64,
    /// Dead handles whose pins were in the way, and were cleared.
    pub(crate) reclaimed: AtomicU64,
    /// The longest time that an update waited for the lock and for a copy.
    pub(crate) longest_wait_ns: AtomicU64,
    /// Copies in use; the others that the region may have are spare, and have no memory yet.
    pub(crate) copies: AtomicU32,
    /// 0, or the elected handle's slot plus one: see [`super::election`].
    pub(crate) elected: AtomicU32,
}

/// Counts one more. One writer at a time: a load and a store, no locked instruction.
pub(super) fn count(counter: &AtomicU64) {
    counter.store(counter.load(Relaxed).wrapping_add(1), Relaxed);
}

/// A handle's slot.
#[repr(C, align(64))]
pub(crate) struct SlotLine {
    /// How many readers of this handle, besides its owner thread, are in each copy.
    pub(crate) pins: [AtomicU32; MAX_COPIES],
    /// The PID namespace of the holder, by its inode; 0 if it is not known. A hint for error messages.
    pub(crate) namespace: AtomicU32,
    /// The holder's process id, in that namespace; 0 if the slot is free. A hint for error messages, and for where to look
    /// for a free slot first.
    pub(crate) pid: AtomicU32,
    /// The holder's command name, padded with zeroes: a hint as well.
    pub(crate) name: [AtomicU64; 2],
    /// The copy that the handle's owner thread is in, with [`PINNED`]; else 0, or [`AGED`].
    pub(crate) owner: AtomicU32,
    /// Not 0: the slot is on the list of [readers](super::readers).
    pub(crate) listed: AtomicU32,
}

impl SlotLine {
    /// The holder's command name, as far as it is text.
    pub(crate) fn command(&self) -> String {
        let bytes: Vec<u8> = self.name.iter().flat_map(|word| word.load(Relaxed).to_ne_bytes()).collect();
        String::from_utf8_lossy(bytes.split(|&b| b == 0).next().unwrap_or_default()).into_owned()
    }
}

/// A copy's state; its page bits follow elsewhere.
#[repr(C, align(64))]
pub(crate) struct CopyLine {
    /// Grows with each step. A multiple of 4: the copy holds the version that it was last published with. Even otherwise: it
    /// holds no version, because an update was rolled back in it, or its pages were taken over in part. Odd: it is written, or its
    /// writer died, and everything is copied at its next use.
    pub(crate) sequence: AtomicU64,
    /// The version that the copy was last published with, or [`NEVER`].
    pub(crate) synced: AtomicU64,
    /// The index in the log up to which the copy has taken it over.
    pub(crate) log_position: AtomicU64,
    /// Not 0 if there are page bits.
    pub(crate) dirty_pages: AtomicU32,
}

impl CopyLine {
    /// Whether the last writer of the copy did not come to its end.
    #[inline(always)]
    pub(crate) fn is_torn(&self) -> bool {
        self.sequence.load(Relaxed) % 2 == 1
    }

    /// The sequence while the copy is written: an odd one, to which [`WHOLE`] or [`LAGS`] is added at the end.
    #[inline(always)]
    pub(super) fn odd_sequence(&self) -> u64 {
        self.sequence.load(Relaxed) | 3
    }

    /// Whether there are page bits.
    #[inline]
    pub(super) fn has_dirty_pages(&self) -> bool {
        self.dirty_pages.load(Relaxed) != 0
    }

    /// Whether more than the log is needed to catch the copy up.
    #[inline(always)]
    pub(super) fn lacks_pages(&self) -> bool {
        self.is_torn() || self.has_dirty_pages()
    }
}

#[cfg(not(any(shmstate_loom, shmstate_shuttle)))]
const _: () = {
    assert!(size_of::<Control>() == 192);
    assert!(size_of::<SlotLine>() == 64);
    assert!(size_of::<CopyLine>() == 64);
};

/// What `active` says: the version, and the copy that holds it, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Published {
    pub(crate) version: u64,
    pub(crate) copy: usize,
}

impl Published {
    /// Bits of the copy's number; the version has the other 56. The two highest of the eight are the flags of a region that
    /// is going out of service: see [`super::service`].
    const COPY_BITS: u32 = 8;

    #[inline]
    pub(crate) const fn pack(self) -> u64 {
        self.version << Self::COPY_BITS | self.copy as u64
    }

    #[inline]
    pub(crate) const fn unpack(word: u64) -> Published {
        Published { version: word >> Self::COPY_BITS, copy: (word & ((1 << Self::COPY_BITS) - 1)) as usize }
    }
}

#[cfg(any(shmstate_loom, shmstate_shuttle))]
impl Control {
    pub(crate) fn new(published: Published, copies: usize) -> Self {
        Control {
            lock: LockLine { word: AtomicU32::new(0), bell: AtomicU32::new(0) },
            active: ActiveLine {
                published: AtomicU64::new(published.pack()),
                log_end: AtomicU64::new(0),
                append_limit: AtomicU64::new(0),
                spilled: AtomicU64::new(0),
                turns_until: AtomicU64::new(u64::MAX),
                turns: AtomicU32::new(copies as u32),
            },
            counters: CounterLine {
                used: AtomicU32::new(0),
                ready: AtomicU32::new(1),
                copies: AtomicU32::new(copies as u32),
                elected: AtomicU32::new(0),
                recoveries: AtomicU64::new(0),
                roll_backs: AtomicU64::new(0),
                reclaimed: AtomicU64::new(0),
                longest_wait_ns: AtomicU64::new(0),
            },
        }
    }
}

#[cfg(any(shmstate_loom, shmstate_shuttle))]
impl SlotLine {
    pub(crate) fn new() -> Self {
        SlotLine {
            pins: std::array::from_fn(|_| AtomicU32::new(0)),
            namespace: AtomicU32::new(0),
            pid: AtomicU32::new(0),
            name: std::array::from_fn(|_| AtomicU64::new(0)),
            owner: AtomicU32::new(0),
            listed: AtomicU32::new(0),
        }
    }
}

#[cfg(any(shmstate_loom, shmstate_shuttle))]
impl CopyLine {
    pub(crate) fn new(sequence: u64, synced: u64) -> Self {
        CopyLine {
            sequence: AtomicU64::new(sequence),
            synced: AtomicU64::new(synced),
            log_position: AtomicU64::new(0),
            dirty_pages: AtomicU32::new(0),
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn published_is_one_word(version in 0u64..1 << 56, copy in 0..MAX_COPIES) {
            let published = Published { version, copy };
            prop_assert_eq!(Published::unpack(published.pack()), published);
        }
    }
}
