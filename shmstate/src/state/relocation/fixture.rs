//! One or two regions, their twins on the heap, and what has to be equal after each step.

use super::root::{fill, step};
use super::types::{Fuse, Root, Walk};
use super::workload::{Bag, Rng, Workload, mix};
use crate::commit::{self, Images, Pin};
use crate::error::ErrorKind;
use crate::state::State;
use crate::state::images::TypedImages;
use crate::sync::{AtomicU64, Ordering::Relaxed};
use crate::{Follower, SharedLayout};
use std::any::Any;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Duration;

/// A panic that a test has planned.
struct Planned;

/// How an update ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Commit,
    Err,
    Panic,
    /// The walk does not come to its end; the copy is left half written.
    PanicInWalk(Walk),
}

/// A reader that stays, and what it must go on seeing.
struct Reader<'s> {
    region: usize,
    pin: Pin<'s>,
    sees: Box<Root>,
}

/// Two handles of each region.
pub(super) type Handles = Vec<[State<Root>; 2]>;

/// Creates the regions of a fixture.
pub(super) fn create(dir: &Path, seed: u64, mix: u32) -> Handles {
    let regions = if mix & mix::TWO != 0 { 2 } else { 1 };
    let create = |r: usize| {
        let state = State::options()
            .copies(2 + (seed % 3) as usize)
            .max_copies(2 + (seed % 3) as usize + (seed / 3 % 3) as usize)
            .timeout(Duration::ZERO)
            .init(|root| fill(root, &mut Rng::new(seed + r as u64)))
            .create(dir.join(format!("{seed}-{r}")))
            .unwrap();
        let other = state.try_clone().unwrap();
        [state, other]
    };
    (0..regions).map(create).collect()
}

/// The regions and what is known about them.
pub(super) struct Fixture<'s> {
    states: &'s [[State<Root>; 2]],
    /// Undergo the same operations as the states; outside of updates, what is committed.
    twins: Vec<Box<Root>>,
    golden: Vec<Box<Root>>,
    bag: Bag,
    twin_bag: Bag,
    readers: Vec<Reader<'s>>,
    rng: Rng,
    mix: u32,
    /// Two of each region: one that advances often, and one that seldom does.
    followers: Vec<[Follower<'s, Root>; 2]>,
}

impl<'s> Fixture<'s> {
    pub(super) fn new(states: &'s [[State<Root>; 2]], seed: u64, mix: u32) -> Self {
        let golden: Vec<_> = states.iter().map(|s| s[0].snapshot().unwrap()).collect();
        Fixture {
            states,
            twins: golden.clone(),
            golden,
            bag: Bag::default(),
            twin_bag: Bag::default(),
            readers: vec![],
            rng: Rng::new(seed),
            mix,
            followers: states.iter().map(|s| [0, 1].map(|n| s[n].follow().unwrap())).collect(),
        }
    }

    fn may(&self, mix: u32) -> bool {
        self.mix & mix != 0
    }

    /// One update, and the comparison of everything.
    pub(super) fn step(&mut self) {
        self.readers_come_and_go();
        let region = self.rng.below(self.states.len());
        self.update(region, None);
        if !self.may(mix::LATER) {
            self.bag.clear();
            self.twin_bag.clear();
        }
        self.check();
        self.follow();
    }

    /// Followers advance now and then, to what is committed; and nothing has changed that they do not say.
    fn follow(&mut self) {
        for region in 0..self.states.len() {
            for (n, often) in [(0, 40), (1, 4)] {
                if !self.rng.percent(often) {
                    continue;
                }
                let follower = &mut self.followers[region][n];
                let (version, before) = (follower.version(), bytes_of(follower.get()));
                let change = follower.advance().unwrap();
                let (follower, golden) = (&self.followers[region][n], &self.golden[region]);
                assert_eq!(follower.version(), self.states[region][0].version().unwrap());
                let what = format!("follower {n}, from version {version} to {}, {change:?}", follower.version());
                self.compare(region, follower.get(), golden, &what);
                ADVANCES[change.as_ref().map_or(0, |change| 1 + usize::from(change.is_overrun()))]
                    .fetch_add(1, Relaxed);
                let after = bytes_of(follower.get());
                // Whole ranges at once, which is fast in a debug build.
                let mut reported = before;
                for range in change.iter().flat_map(|change| change.ranges()) {
                    reported[range.clone()].copy_from_slice(&after[range.clone()]);
                }
                let means = |at: usize| Root::LAYOUT.end_of_meaningless(at).is_none();
                let unlike = || (0..reported.len()).find(|&at| reported[at] != after[at] && means(at));
                let silent = (reported != after).then(unlike).flatten();
                assert_eq!(silent, None, "{what} does not say that this byte has changed");
            }
        }
    }

    /// Another process committed this.
    pub(super) fn another_did(&mut self, region: usize, f: impl FnOnce(&mut Root)) {
        f(&mut self.golden[region]);
        self.twins[region] = self.golden[region].clone();
    }

    fn verdict(&mut self) -> Verdict {
        let often = if self.may(mix::ERR) { 30 } else { 0 };
        match self.rng.below(100) {
            0..5 if self.may(mix::PANIC) => Verdict::Panic,
            5..7 if self.may(mix::PANIC) => Verdict::PanicInWalk(Walk::Stamp),
            7..11 if self.may(mix::PANIC) => Verdict::PanicInWalk(Walk::Flatten),
            n if n >= 100 - often => Verdict::Err,
            _ => Verdict::Commit,
        }
    }

    /// One update of `region`, inside the one of `outer` if there is one.
    fn update(&mut self, region: usize, mut outer: Option<(usize, &mut Root)>) {
        let state = &self.states[region][self.rng.below(2)];
        let verdict = self.verdict();
        let blow = || resume_unwind(Box::new(Planned));
        if let Verdict::PanicInWalk(Walk::Stamp) = verdict {
            Fuse::arm(Walk::Stamp, blow);
        }
        let result = catch_unwind(AssertUnwindSafe(|| {
            state.try_update(|root| {
                self.compare(region, root, &self.golden[region], "caught up for an update");
                for _ in 0..1 + self.rng.below(6) {
                    if self.may(mix::TWO) && outer.is_none() && self.rng.percent(25) {
                        for _ in 0..1 + self.rng.below(4) {
                            self.update(1 - region, Some((region, root)));
                        }
                    } else {
                        self.operate(region, root, &mut outer);
                    }
                }
                self.compare(region, root, &self.twins[region], "after the operations of an update");
                match verdict {
                    Verdict::Commit => Ok(()),
                    Verdict::Err => Err(()),
                    Verdict::Panic => resume_unwind(Box::new(Planned)),
                    Verdict::PanicInWalk(walk) => {
                        Fuse::arm(walk, blow);
                        Ok(())
                    }
                }
            })
        }));
        Fuse::disarm(); // it has not blown if the update did not begin
        match (result, verdict) {
            (Ok(Ok(Ok(()))), Verdict::Commit) => self.golden[region] = self.twins[region].clone(),
            (Ok(Ok(Err(()))), Verdict::Err) => {}
            (Ok(Err(e)), _) if e.kind() == ErrorKind::Busy && self.pinned(region) => {}
            (Err(panic), Verdict::Panic | Verdict::PanicInWalk(_)) if panic.is::<Planned>() => {}
            (Err(panic), _) => resume_unwind(panic),
            (other, _) => panic!("an update that should {verdict:?} returned {other:?}"),
        }
        self.twins[region] = self.golden[region].clone();
    }

    /// The same operation on the states and on their twins.
    fn operate(&mut self, region: usize, root: &mut Root, outer: &mut Option<(usize, &mut Root)>) {
        let mut twin_rng = self.rng.clone();
        let (regions, mix) = (self.states.len(), self.mix);
        let mut p = Workload { rng: &mut self.rng, bag: &mut self.bag, mix };
        let snapshot = |r: usize| self.states[r][0].snapshot().unwrap();
        match outer {
            None => step(&mut [root], &mut p, &snapshot, regions),
            Some((_, outer)) => step(&mut [root, outer], &mut p, &snapshot, regions),
        }
        let mut p = Workload { rng: &mut twin_rng, bag: &mut self.twin_bag, mix };
        let committed = |r: usize| self.golden[r].clone();
        match outer {
            None => step(&mut [&mut self.twins[region]], &mut p, &committed, regions),
            Some((outer, _)) => {
                let [twin, outer] = self.twins.get_disjoint_mut([region, *outer]).unwrap();
                step(&mut [twin, outer], &mut p, &committed, regions);
            }
        }
        assert_eq!(self.rng, twin_rng, "an operation saw another state than its twin did");
    }

    fn pinned(&self, region: usize) -> bool {
        self.readers.iter().any(|reader| reader.region == region)
    }

    fn readers_come_and_go(&mut self) {
        if !self.may(mix::PINS) {
            return;
        }
        let region = self.rng.below(self.states.len());
        if self.rng.percent(15) {
            let state = &self.states[region][self.rng.below(2)];
            let handle = state.region();
            let pin = handle.shared().enter(handle.slot(), handle.slot_line(), commit::Reader::Owner).unwrap();
            self.readers.push(Reader { region, pin, sees: self.golden[region].clone() });
        } else if self.rng.percent(15) && !self.readers.is_empty() {
            let leaves = self.rng.below(self.readers.len());
            self.readers.swap_remove(leaves);
        }
    }

    fn compare(&self, region: usize, found: &Root, expected: &Root, what: &str) {
        if found != expected {
            panic!("region {region}, {what}: {:?} differ", found.differing(expected));
        }
    }

    /// Every copy, once caught up, is what was committed; what readers hold has not moved.
    pub(super) fn check(&self) {
        for (region, states) in self.states.iter().enumerate() {
            check_copies(&states[0], |found, what| self.compare(region, found, &self.golden[region], what));
        }
        for reader in &self.readers {
            let images = TypedImages::of(self.states[reader.region][0].region());
            // SAFETY: a pinned copy holds a value, which no process writes.
            let sees = unsafe { &*images.image(reader.pin.copy()) };
            self.compare(reader.region, sees, &reader.sees, "in the eyes of a reader that stayed");
        }
    }
}

/// Advances of followers that found nothing, that the log was enough for, and that took everything.
pub(super) static ADVANCES: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// The bytes of a follower's image.
fn bytes_of(root: &Root) -> Vec<u8> {
    // SAFETY: an image is copied from a mapping as bytes, so that all are initialised.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(root).cast::<u8>(), size_of::<Root>()) }.to_vec()
}

/// Calls `same` with each copy of the state: the active one, and what each other one would be once it is caught up.
pub(super) fn check_copies(state: &State<Root>, same: impl Fn(&Root, &str)) {
    let shared = state.region().shared();
    let images = TypedImages::<Root>::of(state.region());
    let active = shared.published().copy;
    // SAFETY: the active copy holds a value; no update runs.
    same(unsafe { &*images.image(active) }, "the active copy");
    for k in (0..shared.in_use()).filter(|&k| k != active) {
        let mut side = Box::<Root>::new_uninit();
        // SAFETY: an image is as large as the box, readable, and no process writes it.
        unsafe { std::ptr::copy_nonoverlapping(images.image(k).cast(), side.as_mut_ptr(), 1) }
        let aside = Aside { images: &images, side: &mut *side, copy: k };
        let (line, log_end) = (&shared.copies[k], shared.control.active.log_end.load(Relaxed));
        let pair = aside.pair(k, active);
        // For all of it: the images are the region's, but for copy `k`, instead of which a private one is written.
        let take_over = |range: Range<u64>| {
            // SAFETY: as above.
            unsafe { aside.copy_range(pair, range.start..range.end.min(aside.size())) }
        };
        shared.pages_of(line).for_each_run(take_over);
        let is_whole = !line.is_torn() && {
            // SAFETY: as above.
            unsafe { shared.copy_logged(line, log_end, aside, pair) }
        };
        if !is_whole {
            // SAFETY: as above.
            unsafe { aside.copy_all(pair) }
        }
        // SAFETY: caught up, so that it holds a value; at worst, under a planted fault, integers.
        same(unsafe { side.assume_init_ref() }, &format!("copy {k}, caught up with copy {active}"));
    }
}

/// The images of a region with a private one in place of copy `copy`.
#[derive(Clone, Copy)]
struct Aside<'a> {
    images: &'a TypedImages<Root>,
    side: *mut MaybeUninit<Root>,
    copy: usize,
}

impl Images for Aside<'_> {
    type Pair = (*mut Root, *const Root);

    fn size(&self) -> u64 {
        size_of::<Root>() as u64
    }

    fn pair(&self, to: usize, from: usize) -> Self::Pair {
        assert_eq!(to, self.copy);
        (self.side.cast(), self.images.image(from))
    }

    unsafe fn copy_all(&self, (to, from): Self::Pair) {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(from, to, 1) }
    }

    unsafe fn copy_plain(&self, (to, from): Self::Pair) {
        // SAFETY: the caller's promise.
        unsafe { Root::copy_plain(to, from) }
    }

    unsafe fn copy_range(&self, (to, from): Self::Pair, range: Range<u64>) {
        let start = range.start as usize;
        let (to, from) = (to.wrapping_byte_add(start).cast::<u8>(), from.wrapping_byte_add(start).cast::<u8>());
        // SAFETY: the caller's promise; the range lies inside of `Root`.
        unsafe { std::ptr::copy_nonoverlapping(from, to, (range.end - range.start) as usize) }
    }
}

/// What a panic says.
pub(super) fn message(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => other.downcast_ref::<&str>().map_or("a panic without words".into(), |s| (*s).into()),
    }
}

/// Runs `steps` updates in a fixture of its own.
///
/// # Errors
/// The number of the update after which something was wrong, and what.
pub(super) fn run(dir: &Path, seed: u64, mix: u32, steps: u64) -> Result<(), (u64, String)> {
    let states = create(dir, seed, mix);
    let mut done = 0;
    let result = catch_unwind(AssertUnwindSafe(|| {
        let mut fixture = Fixture::new(&states, seed, mix);
        while done < steps {
            done += 1;
            fixture.step();
        }
    }));
    for state in states.iter().flatten() {
        drop(std::fs::remove_file(state.path().unwrap()));
    }
    result.map_err(|panic| (done, message(panic)))
}
