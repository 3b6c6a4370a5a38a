//! Optimistic reads and loads against a writer. What they read may be written meanwhile, so the images are made of atomic words here.

use super::super::{Clock, Control, CopyLine, Images, Listed, Os, Published, Shared, SlotLine, Transaction};
use super::explore::explore;
use crate::sync::{AtomicU32, AtomicU64, Ordering::Relaxed};
use crate::track::{DirtyRanges, Granule, Pages, log_len};
use loom::thread;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

/// Both words of the state are the number of its version.
const WORDS: usize = 2;
const SIZE: u64 = 8 * WORDS as u64;

struct Fixture {
    control: Control,
    slots: [SlotLine; 1],
    listed: [AtomicU64; 2],
    copies: Vec<CopyLine>,
    log: Vec<AtomicU64>,
    pages: Vec<AtomicU64>,
    images: Vec<[AtomicU64; WORDS]>,
}

impl Fixture {
    fn new(copies: usize) -> Arc<Fixture> {
        let fixture = Fixture {
            control: Control::new(Published { version: 0, copy: 0 }, copies),
            slots: [SlotLine::new()],
            listed: std::array::from_fn(|_| AtomicU64::new(0)),
            copies: (0..copies).map(|_| CopyLine::new(0, 0)).collect(),
            log: (0..log_len(SIZE)).map(|_| AtomicU64::new(0)).collect(),
            pages: (0..copies * Pages::words(SIZE)).map(|_| AtomicU64::new(0)).collect(),
            images: (0..copies).map(|_| std::array::from_fn(|_| AtomicU64::new(0))).collect(),
        };
        fixture.shared().reset_slot(0, &Alone);
        Arc::new(fixture)
    }

    fn shared(&self) -> Shared<'_> {
        Shared {
            control: &self.control,
            slots: &self.slots,
            listed: Listed::new(&self.listed, self.slots.len()),
            copies: &self.copies,
            log: &self.log,
            pages: &self.pages,
            size: SIZE,
            granule: Granule::of(SIZE),
        }
    }

    fn update(&self) {
        self.transact(1, |shared, txn, touched| _ = shared.commit(txn, touched));
    }

    /// An update that changes both words, and is rolled back.
    fn roll_back(&self) {
        self.transact(100, |shared, txn, touched| shared.roll_back(txn.copy(), touched));
    }

    fn transact(&self, by: u64, end: impl FnOnce(&Shared<'_>, Transaction<'_, (usize, usize)>, &DirtyRanges)) {
        let shared = self.shared();
        // SAFETY: the images of this region; the slot is the one writer's.
        let txn = unsafe { shared.begin(0, &Alone, || Alone, self) };
        let txn = txn.expect("no reader is in the way");
        let mut touched = DirtyRanges::new(SIZE);
        for (i, word) in self.images[txn.copy()].iter().enumerate() {
            word.store(word.load(Relaxed) + by, Relaxed);
            touched.add(8 * i as u64, 8);
        }
        end(&shared, txn, &touched);
        shared.unlock(&Alone);
    }

    /// The version that an optimistic read sees, if it was of one version.
    fn optimistic_read(&self) -> Option<u64> {
        let shared = self.shared();
        let (words, unchanged) = shared.optimistic_read(|copy| self.words(copy)).expect("the copy exists");
        unchanged.then(|| one_version(words))
    }

    /// The version that a load sees: by a guest of the writer's own handle.
    fn load(&self) -> u64 {
        one_version(self.shared().load(0, |copy| self.words(copy)).expect("the copy exists"))
    }

    fn words(&self, copy: usize) -> [u64; WORDS] {
        [0, 1].map(|i| self.images[copy][i].load(Relaxed))
    }
}

fn one_version([first, second]: [u64; WORDS]) -> u64 {
    assert_eq!(first, second, "an optimistic read took two versions for one");
    first
}

impl Images for &Fixture {
    type Pair = (usize, usize);

    fn size(&self) -> u64 {
        SIZE
    }

    fn pair(&self, to: usize, from: usize) -> (usize, usize) {
        (to, from)
    }

    unsafe fn copy_all(&self, pair: (usize, usize)) {
        // SAFETY: the caller's promise.
        unsafe { self.copy_range(pair, 0..SIZE) }
    }

    unsafe fn copy_plain(&self, _: (usize, usize)) {}

    unsafe fn copy_range(&self, (to, from): (usize, usize), range: Range<u64>) {
        for i in range.start as usize / 8..range.end as usize / 8 {
            self.images[to][i].store(self.images[from][i].load(Relaxed), Relaxed);
        }
    }
}

/// There is one writer, which never waits.
struct Alone;

impl Os for Alone {
    type Held<'a> = ();

    fn probe(&self, _slot: usize) -> Option<()> {
        None
    }

    fn wait(&self, _word: &AtomicU32, _seen: u32, _limit: Duration) {}

    fn wake(&self, _word: &AtomicU32) {}

    fn wake_all(&self, _word: &AtomicU32) {}

    fn make_room(&self, _copy: usize) -> bool {
        false
    }

    fn spin(&self, _time: Duration) {}

    fn pause(&self, _round: u32) {}
}

impl Clock for Alone {
    fn remaining(&mut self) -> Option<Duration> {
        None
    }
}

fn an_optimistic_reader(copies: usize, updates: u64) {
    let fixture = Fixture::new(copies);
    let reader = thread::spawn({
        let fixture = Arc::clone(&fixture);
        move || {
            let seen = [fixture.optimistic_read(), fixture.optimistic_read()];
            assert!(seen.into_iter().flatten().is_sorted(), "an optimistic reader went back");
        }
    });
    (0..updates).for_each(|_| fixture.update());
    reader.join().expect("joined");
    assert_eq!(fixture.optimistic_read(), Some(updates));
}

#[test]
fn two_copies_one_reader() {
    explore("K=2, 1 optimistic reader x2, 1 writer x2", Some(3), || an_optimistic_reader(2, 2));
}

#[test]
fn three_copies_one_reader() {
    explore("K=3, 1 optimistic reader x2, 1 writer x3", Some(2), || an_optimistic_reader(3, 3));
}

/// The reader's copy is written again, and the update is rolled back: it is even as before, and holds no version.
#[test]
fn two_copies_a_roll_back() {
    explore("K=2, 1 optimistic reader x1, 1 commit, 1 roll-back, 1 commit", Some(2), || {
        let fixture = Fixture::new(2);
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || assert!(fixture.optimistic_read() <= Some(2), "an optimistic reader saw what was rolled back")
        });
        fixture.update();
        fixture.roll_back();
        fixture.update();
        reader.join().expect("joined");
        assert_eq!(fixture.optimistic_read(), Some(2));
    });
}

/// One attempt is all that a load has here; then it takes a pin, which leaves the writer a copy.
#[test]
fn three_copies_a_load() {
    explore("K=3, 1 load x2, 1 writer x3", Some(2), || {
        let fixture = Fixture::new(3);
        let loader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || {
                let seen = [fixture.load(), fixture.load()];
                assert!(seen.is_sorted(), "a load went back");
            }
        });
        (0..3).for_each(|_| fixture.update());
        loader.join().expect("joined");
        assert_eq!(fixture.load(), 3);
    });
}
