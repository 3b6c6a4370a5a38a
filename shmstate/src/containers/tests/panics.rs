//! A panic in the program's own code, at every place at which a container calls it: whatever the container makes of it, what
//! it holds afterwards is a value, which a commit, a snapshot and the next population take.
//!
//! Every operation runs as often as it has calls, and each time another call panics. The panic is caught inside of the update
//! that runs the operation, so that the update commits what the container left. A new method that calls the program's code
//! (a closure, an iterator, `Clone`, `Ord`, `Hash`, `Eq`, `Default`, `Serialize`) gets a row in [`OPERATIONS`].

use crate::layout::ValidityError;
use crate::{
    Array, Blob, Error, Layout, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab, SortedMap, State, Text, Tracked,
};
#[cfg(feature = "archived")]
use letter::{Kept, Letter};
use std::cell::Cell;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::path::Path;

#[cfg(feature = "archived")]
mod letter;

thread_local! {
    /// Calls that are left until one panics.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// A call of the program's own code.
fn call() {
    if let Some(mut left) = LEFT.get() {
        super::give_up(&mut left);
        LEFT.set(Some(left));
    }
}

/// A number all of whose traits may panic, and of which few bytes are a value.
struct Touchy(u64);

const MARK: u64 = 0x5eed << 48;

fn touchy(n: u64) -> Touchy {
    Touchy(MARK | n)
}

// SAFETY: a number, of which zero is a value.
unsafe impl SharedLayout for Touchy {
    const LAYOUT: &'static Layout = &Layout::of::<Self>("Touchy", crate::Kind::Pod);
    const TRACKED: bool = false;
    const CHECKED: bool = true;

    unsafe fn validate(this: *const Self) -> Result<(), ValidityError> {
        // SAFETY: the caller's promise: initialised bytes.
        let number = unsafe { &*this }.0;
        if number == 0 || number & 0xffff << 48 == MARK { Ok(()) } else { Err(ValidityError::new("no touchy number")) }
    }
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        call();
        Touchy(self.0)
    }
}

impl Default for Touchy {
    fn default() -> Self {
        call();
        touchy(1)
    }
}

impl PartialEq for Touchy {
    fn eq(&self, other: &Self) -> bool {
        call();
        self.0 == other.0
    }
}

impl Eq for Touchy {}

impl PartialOrd for Touchy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Touchy {
    fn cmp(&self, other: &Self) -> Ordering {
        call();
        self.0.cmp(&other.0)
    }
}

impl Hash for Touchy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        call();
        self.0.hash(state);
    }
}

/// An iterator that calls.
fn some(from: u64, count: u64) -> impl Iterator<Item = Touchy> {
    (from..from + count).map(|n| {
        call();
        touchy(n)
    })
}

/// Larger than what is moved by value.
#[derive(SharedLayout, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(C)]
struct Large {
    number: Touchy,
    #[shared(init = 7)]
    filled: u64,
    bulk: [[u64; 32]; 8],
}

fn large(n: u64) -> Large {
    Large { number: touchy(n), filled: n, bulk: [[n; 32]; 8] }
}

#[derive(SharedLayout)]
#[repr(C)]
struct Fixture {
    #[cfg(feature = "archived")]
    kept: Kept,
    #[cfg(feature = "archived")]
    archives: List<Kept, 2>,
    list: List<Touchy, 8>,
    nested: List<List<Touchy, 3>, 4>,
    large: List<Large, 4>,
    larges: Queue<Large, 4>,
    array: Array<Touchy, 4>,
    ring: Ring<Touchy, 4>,
    queue: Queue<Touchy, 6>,
    slab: Slab<Touchy, 5>,
    maybe: Maybe<Touchy>,
    tracked: Tracked<[Touchy; 3]>,
    text: Text<32>,
    blob: Blob<8>,
    set: Set<Touchy, 6>,
    map: Map<Touchy, Touchy, 6>,
    sorted: SortedMap<Touchy, Touchy, 6>,
}

impl Fixture {
    /// Fills all of it, in a way that depends on `seed`.
    fn fill(&mut self, seed: u64) {
        #[cfg(feature = "archived")]
        {
            self.kept.set(&Letter("dear me, this is the old letter")).unwrap();
            self.archives.clear();
            self.archives.push(self.kept.clone()).unwrap();
        }
        self.list.clear();
        self.list.extend(some(1, 3));
        self.list.extend(some(2 + seed, 2));
        self.nested.clear();
        self.nested.extend([some(1, 1).collect(), some(5, 2 + seed % 2).collect()]);
        self.large.clear();
        self.large.extend([large(3 + seed), large(1), large(2)]);
        self.larges.clear();
        self.larges.extend([large(3), large(1 + seed), large(2)]);
        self.larges.pop_front();
        self.array.iter_mut().enumerate().for_each(|(i, item)| *item = touchy(9 - i as u64));
        self.ring.clear();
        self.ring.extend(some(1, 3 + 2 * seed));
        self.queue.clear();
        self.queue.extend(some(1, 5));
        (0..seed).for_each(|n| {
            self.queue.pop_front();
            self.queue.push_back(touchy(20 + n)).unwrap();
        });
        self.slab.clear();
        let keys: Vec<_> = (0..4).map(|n| self.slab.insert(touchy(n)).unwrap()).collect();
        self.slab.remove(keys[seed as usize % 4]);
        self.maybe = (seed != 1).then(|| touchy(7)).into();
        self.tracked.iter_mut().for_each(|item| *item = touchy(seed));
        self.text.set("größer und größer").unwrap();
        self.blob.set(&[1, 2, 3, seed as u8]).unwrap();
        self.set.clear();
        self.map.clear();
        self.sorted.clear();
        for n in 0..4 + seed % 2 {
            let n = n * (seed + 3) % 7;
            self.set.insert(touchy(n)).unwrap();
            self.map.insert(touchy(n), touchy(n + 1)).unwrap();
            self.sorted.insert(touchy(n), touchy(n + 1)).unwrap();
        }
    }
}

/// An operation on a fixture; the other one is not in shared memory, and filled otherwise.
type Operation = fn(&mut Fixture, &Fixture);

const OPERATIONS: &[(&str, Operation)] = &[
    #[cfg(feature = "archived")]
    ("archived: set", |w, _| drop(w.kept.set(&Letter("a new letter, longer than the old one by some words")))),
    #[cfg(feature = "archived")]
    ("archived: set in an item", |w, _| drop(w.archives[0].set(&Letter("a letter of another length, in a list")))),
    #[cfg(feature = "archived")]
    ("archived: clone_from", |w, o| w.archives.clone_from(&o.archives)),
    ("list: retain", |w, _| w.list.retain(|n| (call(), n.0 % 2 == 0).1)),
    ("list: retain_mut", |w, _| {
        w.list.retain_mut(|n| {
            n.0 += 1;
            (call(), n.0 % 2 == 0).1
        });
    }),
    ("list: retain nested", |w, _| w.nested.retain(|n| (call(), n.len() != 1).1)),
    ("list: dedup", |w, _| w.list.dedup()),
    ("list: dedup_by_key", |w, _| w.list.dedup_by_key(|n| (call(), n.0 / 2).1)),
    ("list: sort", |w, _| w.list.sort()),
    ("list: sort_by", |w, _| w.list.sort_by(|a, b| (call(), b.0.cmp(&a.0)).1)),
    ("list: sort_by_key", |w, _| w.list.sort_by_key(|n| (call(), n.0 % 3).1)),
    ("list: sort_unstable", |w, _| w.list.sort_unstable()),
    ("list: sort_unstable_by", |w, _| w.list.sort_unstable_by(|a, b| (call(), b.0.cmp(&a.0)).1)),
    ("list: sort_unstable_by_key", |w, _| w.list.sort_unstable_by_key(|n| (call(), n.0 % 3).1)),
    ("list: fill", |w, _| w.list.fill(touchy(8))),
    ("list: resize", |w, _| drop(w.list.resize(8, touchy(8)))),
    ("list: extend_from_slice", |w, o| drop(w.list.extend_from_slice(&o.list[..3]))),
    ("list: try_extend", |w, _| drop(w.list.try_extend(some(30, 9)))),
    ("list: extend", |w, _| w.list.extend(some(30, 3))),
    ("list: clone_from", |w, o| w.list.clone_from(&o.list)),
    ("list: clone_from nested", |w, o| w.nested.clone_from(&o.nested)),
    ("list: clone", |w, o| w.nested = o.nested.clone()),
    ("list: from_iter", |w, _| w.list = some(1, 8).collect()),
    ("list: from_slice", |w, o| w.list = List::from_slice(&o.list).unwrap()),
    ("list: slice methods", |w, _| {
        w.list.as_mut_slice().sort_by_cached_key(|n| (call(), n.0 % 3).1);
        w.list.as_mut_slice().fill_with(|| (call(), touchy(3)).1);
    }),
    ("list: push_with", |w, _| {
        drop(w.list.push_with(|n| {
            *n = touchy(1);
            call();
        }));
    }),
    ("list: push_default", |w, _| drop(w.list.push_default())),
    ("list: insert_with", |w, _| drop(w.list.insert_with(1, |n| (*n = touchy(1), call()).0))),
    ("list: insert_with nested", |w, _| drop(w.nested.insert_with(0, |list| list.extend(some(1, 3))))),
    ("list: insert_default", |w, _| drop(w.list.insert_default(0))),
    ("list: resize_with", |w, _| drop(w.list.resize_with(8, || (call(), touchy(1)).1))),
    ("list: resize_default", |w, _| drop(w.list.resize_default(8))),
    ("list: drain", |w, _| w.list.drain(1..3).for_each(|_| call())),
    ("list: drain from behind", |w, _| w.list.drain(1..4).rev().for_each(|_| call())),
    ("list: drain, forgotten", |w, _| {
        let mut drain = w.list.drain(1..3);
        drain.next();
        std::mem::forget(drain);
        call();
    }),
    ("large: clone_from", |w, o| w.large.clone_from(&o.large)),
    ("large: clone", |w, o| w.large = o.large.clone()),
    ("large: extend_from_slice", |w, o| drop(w.large.extend_from_slice(&o.large[..1]))),
    ("large: resize", |w, _| drop(w.large.resize(4, large(9)))),
    ("large: resize_default", |w, _| drop(w.large.resize_default(4))),
    ("large: fill", |w, _| w.large.fill(large(9))),
    ("large: sort", |w, _| w.large.sort()),
    ("large: sort_unstable_by_key", |w, _| w.large.sort_unstable_by_key(|n| (call(), !n.number.0).1)),
    ("large: dedup", |w, _| w.large.dedup()),
    ("large: retain", |w, _| w.large.retain(|n| (call(), n.number.0 % 2 == 0).1)),
    ("large: insert_with", |w, _| drop(w.large.insert_with(1, |n| (n.number = touchy(1), call()).0))),
    ("large: queue, retain", |w, _| w.larges.retain(|n| (call(), n.number.0 % 2 == 0).1)),
    ("large: queue, push_back_with", |w, _| drop(w.larges.push_back_with(|n| (n.number = touchy(1), call()).0))),
    ("large: queue, clone_from", |w, o| w.larges.clone_from(&o.larges)),
    ("large: queue, resize", |w, _| drop(w.larges.resize(4, large(9)))),
    ("array: from_fn", |w, _| w.array = Array::from_fn(|n| (call(), touchy(n as u64)).1)),
    ("array: fill", |w, _| w.array.fill(touchy(8))),
    ("array: sort", |w, _| w.array.sort()),
    ("array: sort_unstable_by_key", |w, _| w.array.sort_unstable_by_key(|n| (call(), n.0 % 3).1)),
    ("array: clone_from", |w, o| w.array.clone_from(&o.array)),
    ("ring: extend", |w, _| w.ring.extend(some(30, 6))),
    ("ring: from_iter", |w, _| w.ring = some(30, 6).collect()),
    ("ring: clone_from", |w, o| w.ring.clone_from(&o.ring)),
    ("ring: clone", |w, o| w.ring = o.ring.clone()),
    ("ring: push_with", |w, _| {
        w.ring.push_with(|n| (*n = touchy(1), call()).0);
    }),
    ("ring: push_default", |w, _| _ = w.ring.push_default()),
    ("ring: contains", |w, _| _ = w.ring.contains(&touchy(77))),
    ("queue: retain", |w, _| w.queue.retain(|n| (call(), n.0 % 2 == 0).1)),
    ("queue: retain_mut", |w, _| {
        w.queue.retain_mut(|n| {
            n.0 += 1;
            (call(), n.0 % 2 == 0).1
        });
    }),
    ("queue: try_extend", |w, _| drop(w.queue.try_extend(some(30, 9)))),
    ("queue: extend", |w, _| w.queue.extend(some(30, 1))),
    ("queue: from_iter", |w, _| w.queue = some(30, 6).collect()),
    ("queue: clone_from", |w, o| w.queue.clone_from(&o.queue)),
    ("queue: push_back_with", |w, _| drop(w.queue.push_back_with(|n| (*n = touchy(1), call()).0))),
    ("queue: push_front_with", |w, _| drop(w.queue.push_front_with(|n| (*n = touchy(1), call()).0))),
    ("queue: insert_with", |w, _| drop(w.queue.insert_with(2, |n| (*n = touchy(1), call()).0))),
    ("queue: resize_with", |w, _| drop(w.queue.resize_with(6, || (call(), touchy(1)).1))),
    ("queue: resize_default", |w, _| drop(w.queue.resize_default(6))),
    ("queue: drain", |w, _| w.queue.drain(1..3).for_each(|_| call())),
    ("queue: drain, forgotten", |w, _| {
        let mut drain = w.queue.drain(1..3);
        drain.next();
        std::mem::forget(drain);
        call();
    }),
    ("queue: sort", |w, _| w.queue.make_contiguous().sort()),
    ("slab: retain", |w, _| w.slab.retain(|_, n| (call(), n.0 % 2 == 0).1)),
    ("slab: insert_with", |w, _| drop(w.slab.insert_with(|n| (*n = touchy(1), call()).0))),
    ("slab: insert_default", |w, _| drop(w.slab.insert_default())),
    ("slab: drain", |w, _| w.slab.drain().for_each(|_| call())),
    ("slab: clone_from", |w, o| w.slab.clone_from(&o.slab)),
    ("slab: clone", |w, o| w.slab = o.slab.clone()),
    ("maybe: take_if", |w, _| {
        w.maybe.take_if(|n| {
            n.0 += 1;
            (call(), true).1
        });
    }),
    ("maybe: get_or_insert_with", |w, _| {
        w.maybe.take();
        w.maybe.get_or_insert_with(|| (call(), touchy(1)).1);
    }),
    ("maybe: get_or_insert_default", |w, _| {
        w.maybe.take();
        w.maybe.get_or_insert_default();
    }),
    ("maybe: insert_with", |w, _| _ = w.maybe.insert_with(|n| (*n = touchy(1), call()).0)),
    ("maybe: get_or_init", |w, _| {
        w.maybe.take();
        w.maybe.get_or_init(|n| (*n = touchy(1), call()).0);
    }),
    ("maybe: clone_from", |w, o| w.maybe.clone_from(&o.maybe)),
    ("tracked: clone_from", |w, o| w.tracked.clone_from(&o.tracked)),
    ("text: retain", |w, _| w.text.retain(|c| (call(), c != 'ö' && c != 'd').1)),
    ("text: extend", |w, _| w.text.extend(['ö', 'ß', '漢', 'x'].into_iter().inspect(|_| call()))),
    ("text: from_iter", |w, _| w.text = ["ö", "漢漢"].into_iter().inspect(|_| call()).collect()),
    ("blob: retain", |w, _| w.blob.retain(|n| (call(), n % 2 == 0).1)),
    ("blob: try_extend", |w, _| drop(w.blob.try_extend((0..9).inspect(|_| call())))),
    ("set: insert", |w, _| drop(w.set.insert(touchy(40)))),
    ("set: insert what is there", |w, _| drop(w.set.insert(touchy(0)))),
    ("set: replace", |w, _| drop(w.set.replace(touchy(0)))),
    ("set: remove", |w, _| _ = w.set.remove(&touchy(0))),
    ("set: take", |w, _| _ = w.set.take(&touchy(3))),
    ("set: retain", |w, _| w.set.retain(|n| (call(), n.0 % 2 == 0).1)),
    ("set: try_extend", |w, _| drop(w.set.try_extend(some(30, 9)))),
    ("set: insert_with", |w, _| drop(w.set.insert_with(|n| (*n = touchy(40), call()).0))),
    ("set: drain", |w, _| w.set.drain().for_each(|_| call())),
    ("set: drain, forgotten", |w, _| {
        let mut drain = w.set.drain();
        drain.next();
        std::mem::forget(drain);
        call();
    }),
    ("set: clone_from", |w, o| w.set.clone_from(&o.set)),
    ("set: clone", |w, o| w.set = o.set.clone()),
    ("set: into an empty one", |w, _| {
        w.set = Set::new();
        drop(w.set.insert(touchy(40)));
    }),
    ("map: insert", |w, _| drop(w.map.insert(touchy(40), touchy(1)))),
    ("map: insert what is there", |w, _| drop(w.map.insert(touchy(0), touchy(1)))),
    ("map: remove", |w, _| _ = w.map.remove(&touchy(0))),
    ("map: remove_entry", |w, _| _ = w.map.remove_entry(&touchy(3))),
    ("map: retain", |w, _| w.map.retain(|k, v| (call(), (k.0 + v.0) % 3 == 0).1)),
    ("map: entry, or_insert_with", |w, _| drop(w.map.entry(touchy(40)).or_insert_with(|| (call(), touchy(1)).1))),
    ("map: entry, or_insert_with_key", |w, _| {
        drop(w.map.entry(touchy(40)).or_insert_with_key(|k| (call(), k.clone()).1));
    }),
    ("map: entry, or_default", |w, _| drop(w.map.entry(touchy(40)).or_default())),
    ("map: entry, and_modify", |w, _| {
        let modify = |v: &mut Touchy| (v.0 += 1, call()).0;
        drop(w.map.entry(touchy(0)).and_modify(modify).or_insert(touchy(1)));
    }),
    ("map: try_extend", |w, _| drop(w.map.try_extend(some(30, 9).map(|n| (n, touchy(1)))))),
    ("map: insert_with", |w, _| drop(w.map.insert_with(touchy(40), |v| (*v = touchy(1), call()).0))),
    ("map: insert_with what is there", |w, _| drop(w.map.insert_with(touchy(0), |v| (*v = touchy(1), call()).0))),
    ("map: entry, or_init", |w, _| drop(w.map.entry(touchy(40)).or_init(|v| (*v = touchy(1), call()).0))),
    ("map: drain", |w, _| w.map.drain().for_each(|_| call())),
    ("map: drain, forgotten", |w, _| {
        let mut drain = w.map.drain();
        drain.next();
        std::mem::forget(drain);
        call();
    }),
    ("map: clone_from", |w, o| w.map.clone_from(&o.map)),
    ("map: clone", |w, o| w.map = o.map.clone()),
    ("sorted: insert", |w, _| drop(w.sorted.insert(touchy(2), touchy(1)))),
    ("sorted: remove", |w, _| _ = w.sorted.remove(&touchy(0))),
    ("sorted: retain", |w, _| w.sorted.retain(|k, v| (call(), (k.0 + v.0) % 3 == 0).1)),
    ("sorted: entry, or_insert_with", |w, _| drop(w.sorted.entry(touchy(2)).or_insert_with(|| (call(), touchy(1)).1))),
    ("sorted: entry, and_modify", |w, _| {
        let modify = |v: &mut Touchy| (v.0 += 1, call()).0;
        drop(w.sorted.entry(touchy(0)).and_modify(modify).or_default());
    }),
    ("sorted: range_mut", |w, _| w.sorted.range_mut(touchy(1)..touchy(5)).for_each(|(_, v)| (v.0 += 1, call()).0)),
    ("sorted: try_extend", |w, _| drop(w.sorted.try_extend(some(0, 9).map(|n| (n, touchy(1)))))),
    ("sorted: insert_with", |w, _| drop(w.sorted.insert_with(touchy(2), |v| (*v = touchy(1), call()).0))),
    ("sorted: entry, or_init", |w, _| drop(w.sorted.entry(touchy(2)).or_init(|v| (*v = touchy(1), call()).0))),
    ("sorted: append", |w, o| {
        let mut other = SortedMap::<Touchy, Touchy, 6>::new();
        other.extend(o.sorted.iter().rev().take(2).map(|(k, v)| (touchy(k.0 + 8), touchy(v.0))));
        drop(w.sorted.append(&mut other));
    }),
    ("sorted: clone_from", |w, o| w.sorted.clone_from(&o.sorted)),
    ("sorted: clone", |w, o| w.sorted = o.sorted.clone()),
];

/// How many calls an operation may have at most.
const MOST: usize = 500;

/// Runs an operation in an update, in which one call after so many panics; whether one did.
fn run(state: &State<Fixture>, seed: u64, other: &Fixture, operation: Operation, calls: usize) -> bool {
    state.update(|fixture| fixture.fill(seed)).unwrap();
    let panicked = state.update(|fixture| {
        LEFT.set(Some(calls));
        let survives = super::survives(|| operation(fixture, other));
        // A panic of the container's own comes back however many calls are left.
        LEFT.replace(None) == Some(0) && !survives
    });
    panicked.unwrap()
}

/// What is wrong with the state for a snapshot, and for the next population.
fn refused(path: &Path, state: State<Fixture>) -> Option<Error> {
    let snapshot = state.snapshot().map(drop);
    drop(state);
    snapshot.and_then(|()| State::<Fixture>::open(path).map(drop)).err()
}

#[test]
fn a_panic_anywhere_leaves_a_value() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fixture");
    let (mut wrong, mut panics) = (Vec::new(), 0);
    for (name, operation) in OPERATIONS {
        for seed in 0..2 {
            let mut other = Fixture::new_box_zeroed();
            other.fill(seed + 1);
            for calls in 0.. {
                assert!(calls < MOST, "{name} does not come to an end");
                let state = State::open_or_create(&path).unwrap();
                let panicked = run(&state, seed, &other, *operation, calls);
                panics += usize::from(panicked);
                if let Some(error) = refused(&path, state) {
                    wrong.push(format!("{name}, call {calls} of fixture {seed}: {error}"));
                    std::fs::remove_file(&path).unwrap();
                }
                if !panicked {
                    break;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} operations, {panics} panics", OPERATIONS.len());
    assert!(panics > 500);
}
