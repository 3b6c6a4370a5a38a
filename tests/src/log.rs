//! What one thread did, and when: a file that survives the process that writes it.

use memmap2::MmapRaw;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Kind {
    /// A new version.
    Update = 1,
    /// An update that came to nothing, by an error or by a panic.
    RollBack,
    /// A look in place.
    Read,
    /// A copy.
    Snapshot,
    /// A handle of its own; the first version that it saw.
    Open,
    /// A handle was dropped.
    Drop,
    /// A child was forked.
    Fork,
    /// Another program took the process's place.
    Exec,
    /// A thread came and went.
    Thread,
    /// The process killed itself; `before` is when.
    Death,
    /// A region was created.
    Create,
    /// A region was removed.
    Remove,
}

impl Kind {
    const ALL: [Kind; 12] = [
        Kind::Update,
        Kind::RollBack,
        Kind::Read,
        Kind::Snapshot,
        Kind::Open,
        Kind::Drop,
        Kind::Fork,
        Kind::Exec,
        Kind::Thread,
        Kind::Death,
        Kind::Create,
        Kind::Remove,
    ];
}

/// One thing that was done. Its place in the log is its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What.
    pub kind: Kind,
    /// Begun no earlier than this.
    pub before: u64,
    /// Ended no later than this; 0 if it never did.
    pub after: u64,
    /// The version that was made or seen.
    pub version: u64,
    /// The digest of what was made or seen; 0 without a look.
    pub digest: u64,
}

/// The log of one thread. An entry is there from the moment at which it begins.
pub struct Log {
    map: MmapRaw,
    len: usize,
}

const WORDS: usize = 5;

impl Log {
    /// Entries that a log has room for.
    pub const ROOM: usize = 1 << 14;

    /// A new log.
    ///
    /// # Panics
    /// If the file is there already, or cannot be made or mapped.
    #[must_use]
    pub fn create(path: impl AsRef<Path>) -> Log {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).expect("a new log");
        file.set_len((Self::ROOM * WORDS * 8) as u64).expect("room for the log");
        Log { map: MmapRaw::map_raw(&file).expect("a mapped log"), len: 0 }
    }

    /// Whether there are fewer than `entries` left.
    #[must_use]
    pub fn has_no_room_for(&self, entries: usize) -> bool {
        self.len + entries > Self::ROOM
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        assert!(index < Self::ROOM * WORDS, "the log is full");
        // SAFETY: inside of the mapping, by the line above, and aligned; it is only used as atomic words.
        unsafe { &*self.map.as_mut_ptr().cast::<AtomicU64>().wrapping_add(index) }
    }

    /// Something begins.
    pub fn begin(&mut self, kind: Kind) -> usize {
        let entry = self.len;
        self.len += 1;
        self.word(entry * WORDS + 1).store(now_ns(), Release);
        self.word(entry * WORDS).store(kind as u64, Release);
        entry
    }

    /// It has ended.
    pub fn end(&mut self, entry: usize, version: u64, digest: u64) {
        let after = now_ns();
        self.word(entry * WORDS + 3).store(version, Release);
        self.word(entry * WORDS + 4).store(digest, Release);
        self.word(entry * WORDS + 2).store(after, Release);
    }

    /// It ended, and counts as nothing.
    pub fn void(&mut self, entry: usize) {
        self.word(entry * WORDS).store(Kind::RollBack as u64, Release);
        self.end(entry, 0, 0);
    }

    /// Something happens, in no time.
    pub fn mark(&mut self, kind: Kind) {
        let entry = self.begin(kind);
        self.end(entry, 0, 0);
    }

    /// What one log says.
    ///
    /// # Panics
    /// If there is none, or if it is not a log.
    #[must_use]
    pub fn load(path: impl AsRef<Path>) -> Vec<Entry> {
        let file = OpenOptions::new().read(true).write(true).open(path).expect("a log");
        let len = file.metadata().expect("its length").len();
        if len == 0 {
            return Vec::new(); // its writer died before it had room
        }
        assert_eq!(len, (Self::ROOM * WORDS * 8) as u64, "no log");
        let log = Log { map: MmapRaw::map_raw(&file).expect("a mapped log"), len: 0 };
        let word = |entry: usize, index| log.word(entry * WORDS + index).load(Acquire);
        (0..Self::ROOM)
            .map_while(|at| {
                let kind = word(at, 0);
                let kind = (kind != 0).then(|| *Kind::ALL.get(kind as usize - 1).expect("a kind"))?;
                let after = word(at, 2);
                Some(Entry { kind, before: word(at, 1), after, version: word(at, 3), digest: word(at, 4) })
            })
            .collect()
    }
}

/// The time, the same in every process, and never going back.
///
/// # Panics
/// If the machine has no clock.
#[must_use]
pub fn now_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the time.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) }, 0);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
