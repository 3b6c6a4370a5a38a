//! Items of a megabyte in containers, by a thread whose stack has a quarter of that: nothing that is said to work in place puts
//! an item on the stack. And what takes or returns items by value puts so few there that those of 400 KB fit the 2 MiB of a
//! thread in a debug build.
//!
//! It holds for both kinds of build: `cargo test -p shmstate-tests-stack`, and the same with `--release`.

use shmstate::{Array, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab, SortedMap, State, Tracked};
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;

/// A list whose head and items are larger than the stack.
type Page = List<u8, { 1 << 20 }>;

/// A plain item that is larger than the stack.
#[derive(SharedLayout, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
struct Block {
    bytes: [u8; 1 << 20],
}

impl Hash for Block {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.bytes[0]);
    }
}

impl Block {
    fn set(&mut self, to: u8) {
        assert!(self.is(0), "what is handed out is zero");
        self.bytes[0] = to;
        self.bytes[(1 << 20) - 1] = to;
    }

    fn is(&self, n: u8) -> bool {
        self.bytes[0] == n && self.bytes[(1 << 20) - 1] == n
    }
}

/// Runs `f` in a thread with a stack of `kib`.
fn on_a_stack_of(kib: usize, f: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(kib << 10).spawn(f).unwrap().join().unwrap();
}

fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    on_a_stack_of(256, f);
}

/// Whether `f` unwinds, without a message.
fn gives_up<R>(f: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(|| _ = f())).is_err()
}

fn give_up() {
    resume_unwind(Box::new("given up"));
}

#[test]
fn lists() {
    on_a_small_stack(|| {
        let mut list = List::<Block, 4>::new_box_zeroed();
        list.push_with(|block| block.set(1)).unwrap();
        list.push_with(|block| block.set(3)).unwrap();
        list.insert_with(1, |block| block.set(2)).unwrap();
        assert!(gives_up(|| list.push_with(|_| give_up())) && gives_up(|| list.insert_with(0, |_| give_up())));
        let is = |list: &List<Block, 4>, numbers: &[u8]| {
            assert_eq!(list.len(), numbers.len());
            assert!(list.iter().zip(numbers).all(|(block, &number)| block.is(number)), "{numbers:?}");
        };
        is(&list, &[1, 2, 3]);
        list.swap(0, 2);
        is(&list, &[3, 2, 1]);
        list.sort();
        list.rotate_left(1);
        is(&list, &[2, 3, 1]);
        list.sort_unstable_by_key(|block| u8::MAX - block.bytes[0]);
        list.reverse();
        is(&list, &[1, 2, 3]);
        list.discard(0);
        list.swap_discard(0);
        list.retain(|block| block.is(3));
        is(&list, &[3]);
        let mut other = List::<Block, 2>::new_box_zeroed();
        other.push_with(|block| block.set(7)).unwrap();
        list.append(&mut other).unwrap();
        is(&list, &[3, 7]);
        SharedLayout::reset(&mut list[0]);
        list.retain_mut(|block| block.is(0));
        list.truncate(0);
        let mut pages = List::<Page, 3>::new_box_zeroed();
        pages.push_default().unwrap().push(7).unwrap();
        pages.insert_default(0).unwrap();
        pages.resize_default(3).unwrap();
        assert_eq!(pages.iter().map(|page| page.len()).collect::<Vec<_>>(), [0, 1, 0]);
        pages.dedup();
        let mut clone = List::<Page, 3>::new_box_zeroed();
        clone.clone_from(&pages);
        clone.clear();
    });
}

#[test]
fn arrays_and_what_is_tracked() {
    on_a_small_stack(|| {
        let mut array = Array::<Page, 3>::new_box_zeroed();
        array[1].push(1).unwrap();
        array.swap(0, 1);
        array.rotate_right(1);
        array.reverse();
        array.sort();
        SharedLayout::reset(&mut array[2]);
        let mut clone = Array::<Page, 3>::new_box_zeroed();
        clone.clone_from(&array);
        let mut tracked = Tracked::<Page>::new_box_zeroed();
        tracked.push(1).unwrap();
        let mut clone = Tracked::<Page>::new_box_zeroed();
        clone.clone_from(&tracked);
        SharedLayout::reset(&mut *tracked);
        assert_eq!((tracked.len(), clone.len()), (0, 1));
    });
}

#[test]
fn queues() {
    on_a_small_stack(|| {
        let mut queue = Queue::<Block, 4>::new_box_zeroed();
        queue.push_back_with(|block| block.set(2)).unwrap();
        queue.push_front_with(|block| block.set(1)).unwrap();
        queue.insert_with(1, |block| block.set(5)).unwrap();
        assert!(gives_up(|| queue.push_front_with(|_| give_up())) && gives_up(|| queue.insert_with(2, |_| give_up())));
        assert_eq!(queue.iter().map(|block| block.bytes[0]).collect::<Vec<_>>(), [1, 5, 2]);
        queue.make_contiguous();
        queue.swap(0, 2);
        queue.retain(|block| !block.is(5));
        assert!(queue.discard(0) && queue.discard_front() && !queue.discard_back());
        let mut pages = Queue::<Page, 3>::new_box_zeroed();
        pages.push_back_default().unwrap().push(7).unwrap();
        pages.push_front_default().unwrap();
        pages.insert_default(1).unwrap();
        let mut other = Queue::<Page, 3>::new_box_zeroed();
        other.append(&mut pages).unwrap();
        pages.clone_from(&other);
        pages.resize_default(1).unwrap();
        pages.retain_mut(|page| page.is_empty());
        assert_eq!((pages.len(), other.len()), (1, 3));
        pages.clear();
    });
}

#[test]
fn rings() {
    on_a_small_stack(|| {
        let mut ring = Ring::<Block, 2>::new_box_zeroed();
        for n in 1..=3 {
            ring.push_with(|block| block.set(n));
        }
        assert!(gives_up(|| ring.push_with(|_| give_up())), "the oldest is gone");
        assert_eq!(ring.iter().map(|block| block.bytes[0]).collect::<Vec<_>>(), [0, 3]);
        ring.make_contiguous();
        let mut pages = Ring::<Page, 2>::new_box_zeroed();
        pages.push_default().push(1).unwrap();
        let mut clone = Ring::<Page, 2>::new_box_zeroed();
        clone.clone_from(&pages);
        assert_eq!(clone.latest().unwrap()[..], [1]);
        clone.clear();
    });
}

#[test]
fn slabs() {
    on_a_small_stack(|| {
        let mut slab = Slab::<Block, 3>::new_box_zeroed();
        let keys = [1, 2, 3].map(|n| slab.insert_with(|block| block.set(n)).unwrap());
        assert!(slab.discard(keys[1]) && !slab.discard(keys[1]));
        assert!(gives_up(|| slab.insert_with(|_| give_up())) && slab.len() == 2);
        let key = slab.insert_with(|block| block.set(4)).unwrap();
        slab.retain(|_, block| !block.is(1));
        assert!(slab[key].is(4) && slab[keys[2]].is(3) && slab.len() == 2);
        slab.clear();
        let mut pages = Slab::<Page, 3>::new_box_zeroed();
        let key = pages.insert_default().unwrap();
        pages[key].push(1).unwrap();
        let mut clone = Slab::<Page, 3>::new_box_zeroed();
        clone.clone_from(&pages);
        assert_eq!(clone[key], [1]);
    });
}

#[test]
fn options() {
    on_a_small_stack(|| {
        let mut maybe = Maybe::<Block>::new_box_zeroed();
        maybe.insert_with(|block| block.set(1));
        assert!(maybe.iter().all(|block| block.is(1)) && maybe.discard() && !maybe.discard());
        maybe.get_or_init(|block| block.set(2));
        assert!(gives_up(|| maybe.insert_with(|_| give_up())) && maybe.is_none());
        let mut page = Maybe::<Page>::new_box_zeroed();
        page.insert_default();
        page.get_or_insert_default().push(1).unwrap();
        let mut clone = Maybe::<Page>::new_box_zeroed();
        clone.clone_from(&page);
        assert_eq!(clone.as_deref(), Some(&[1][..]));
    });
}

/// Both kinds of map have the same methods.
macro_rules! map {
    ($Map:ident) => {
        on_a_small_stack(|| {
            let mut map = $Map::<u64, Block, 3>::new_box_zeroed();
            map.insert_with(1, |block| block.set(1)).unwrap();
            map.entry(2).or_init(|block| block.set(2)).unwrap();
            map.insert_with(2, |block| block.set(3)).unwrap();
            assert!(gives_up(|| map.insert_with(7, |_| give_up())) && map.len() == 2);
            assert!(gives_up(|| map.entry(0).or_init(|_| give_up())) && map.len() == 2);
            assert!(map[&1].is(1) && map[&2].is(3) && map.get(&7).is_none());
            map.insert_with(0, |block| block.set(7)).unwrap();
            map.retain(|_, block| !block.is(1));
            assert!(map.discard(&2) && !map.discard(&2) && map[&0].is(7));
            map.clear();
            let mut pages = $Map::<u64, Page, 3>::new_box_zeroed();
            pages.entry(1).or_default().unwrap().push(1).unwrap();
            pages.insert_default(2).unwrap();
            let shmstate::map::Entry::Occupied(entry) = pages.entry(2) else { unreachable!() };
            entry.discard();
            let mut clone = $Map::<u64, Page, 3>::new_box_zeroed();
            clone.clone_from(&pages);
            assert!(clone.len() == 1 && clone[&1] == [1]);
        })
    };
}

#[test]
fn maps() {
    map!(Map);
    map!(SortedMap);
    on_a_small_stack(|| {
        let mut map = SortedMap::<u64, Block, 2>::new_box_zeroed();
        map.insert_with(1, |block| block.set(1)).unwrap();
        map.insert_with(0, |block| block.set(2)).unwrap();
        assert!(map.discard_first() && map.discard_last() && !map.discard_last());
    });
}

#[test]
fn sets() {
    on_a_small_stack(|| {
        let mut set = Set::<Block, 4>::new_box_zeroed();
        assert!([1, 2, 1].map(|n| set.insert_with(|block| block.set(n)).unwrap()) == [true, true, false]);
        assert!(gives_up(|| set.insert_with(|_| give_up())) && set.len() == 2);
        set.retain(|block| !block.is(1));
        let two = set.iter().next().map(|block| block.is(2));
        assert_eq!((two, set.len()), (Some(true), 1));
        let mut sought = Block::new_box_zeroed();
        sought.set(2);
        assert!(set.contains(&*sought) && set.remove(&*sought) && !set.remove(&*sought));
        set.clear();
    });
}

/// What the states of several megabytes do in updates, and after a panic in one.
#[test]
fn states() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Library {
        pages: List<Page, 3>,
        by_number: Map<u64, Page, 2>,
    }

    on_a_small_stack(|| {
        let dir = tempfile::tempdir().unwrap();
        let state = State::<Library>::options().copies(2).create(dir.path().join("library")).unwrap();
        state
            .update(|s| {
                s.pages.push_with(|page| page.extend(*b"one")).unwrap();
                s.by_number.entry(7).or_default().unwrap().extend(*b"seven");
                assert!(gives_up(|| s.pages.push_with(|page| (page.extend(*b"two"), give_up()).1)));
            })
            .unwrap();
        state.update(|s| s.pages.push_default().unwrap().extend(*b"three")).unwrap();
        state.read(|s| assert!(s.pages == [&b"one"[..], b"three"] && s.by_number[&7] == b"seven")).unwrap();
        let copy = state.snapshot().unwrap();
        assert!(copy.pages == [&b"one"[..], b"three"] && copy.by_number[&7] == b"seven");
    });
}

/// By value, in a stack of the default size. Each is a call of a method and the frames of the
/// function around it.
#[test]
fn items_of_400_kb_by_value() {
    type Half = List<u8, 400_000>;

    /// Runs each of some operations on a container that is empty at first.
    fn on<C: SharedLayout>(operations: &'static [fn(&mut C)]) {
        on_a_stack_of(2048, move || {
            let mut container = C::new_box_zeroed();
            operations.iter().for_each(|operation| operation(&mut container));
        });
    }

    on::<List<Half, 3>>(&[
        |list| list.push(List::new()).unwrap(),
        |list| _ = list.push_default().unwrap(),
        |list| list.insert(0, List::new()).unwrap(),
        |list| _ = list.pop(),
        |list| _ = list.remove(0),
        |list| _ = list.swap_remove(0),
    ]);
    on::<Slab<Half, 1>>(&[
        |slab| _ = slab.insert(List::new()).unwrap(),
        |slab| {
            let key = slab.keys().next().unwrap();
            _ = slab.remove(key);
        },
        |slab| _ = slab.insert(List::new()).unwrap(),
    ]);
    on::<Queue<Half, 2>>(&[
        |queue| queue.push_back(List::new()).unwrap(),
        |queue| queue.push_front(List::new()).unwrap(),
        |queue| _ = queue.pop_back(),
        |queue| _ = queue.pop_front(),
    ]);
    on::<Ring<Half, 1>>(&[|ring| _ = ring.push(List::new()), |ring| _ = ring.push(List::new())]);
    on::<Maybe<Half>>(&[
        |maybe| _ = maybe.insert(List::new()),
        |maybe| _ = maybe.take(),
        |maybe| _ = maybe.get_or_insert_default(),
    ]);
    on::<Map<u64, Half, 2>>(&[
        |map| _ = map.entry(1).or_default().unwrap(),
        |map| _ = map.insert(2, List::new()).unwrap(),
        |map| _ = map.insert(2, List::new()),
        |map| _ = map.remove(&1),
    ]);
    on::<SortedMap<u64, Half, 2>>(&[
        |map| _ = map.entry(1).or_default().unwrap(),
        |map| _ = map.insert(2, List::new()).unwrap(),
        |map| _ = map.remove(&1),
    ]);
}
