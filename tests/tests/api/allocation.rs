//! Neither a read nor an update allocates, whatever it touches.

use shmstate::{List, Map, SharedLayout, State};
use shmstate_tests::scratch_dir;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: the system's allocator, which is asked for just what is asked of this one.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn neither_reads_nor_updates_allocate() {
    let dir = scratch_dir();
    let state = State::<List<List<u64, 8>, 4000>>::create(dir.path().join("lists")).unwrap();
    state.update(|lists| lists.extend((0..4000).map(|i| List::from([i])))).unwrap();
    let before = ALLOCATIONS.get();
    for round in 0..500 {
        let first = state.read(|lists| lists[round][0]).unwrap();
        let spots = if round % 5 == 0 { 100 } else { 2 };
        state.update(|lists| (0..spots).for_each(|i| lists[(round * 7 + i * 131) % 4000][0] += first)).unwrap();
        let undone = state.try_update(|lists| {
            lists.swap(round, 3999 - round);
            Err::<(), _>(())
        });
        assert_eq!(undone.unwrap(), Err(()));
    }
    assert_eq!(ALLOCATIONS.get(), before);
}

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    prices: Map<u64, u64, 100>,
    samples: List<u64, 1000>,
}

#[test]
fn neither_do_loads_appends_and_maps() {
    let dir = scratch_dir();
    let board = State::<Board>::create(dir.path().join("board")).unwrap();
    board.update(|s| (0..50).for_each(|key| assert_eq!(s.prices.insert(key, 0).unwrap(), None))).unwrap();
    let ticks = board.project(|s| &s.ticks).unwrap();
    let before = ALLOCATIONS.get();
    for round in 0..500 {
        let append = |s: &mut Board| {
            s.ticks = round;
            s.samples.push(round)
        };
        board.try_update(append).unwrap().unwrap();
        board.update(|s| *s.prices.get_mut(&(round % 50)).unwrap() += 1).unwrap();
        let inserted = board.try_update(|s| s.prices.insert(round + 100, 1).map(|_| s.prices.remove(&(round + 100))));
        assert_eq!(inserted.unwrap(), Ok(Some(1)));
        assert_eq!(board.load(&ticks).unwrap(), round);
        assert_eq!(board.read(|s| s.prices.get(&(round % 50)).copied()).unwrap(), Some(round / 50 + 1));
    }
    assert_eq!(ALLOCATIONS.get(), before);
}
