//! Waiting for changes of a part of a state, beside commits that touch other parts, and writers that are killed.

use shmstate::{Array, ErrorKind, List, Map, SharedLayout, State, Watch};
use shmstate_tests::{Child, Counted, PATIENCE, Rng, SEED, child, scratch_dir};
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    small: [u16; 4],
    seats: Array<u64, 512>,
    samples: List<u64, 64>,
    names: Map<u32, u64, 8>,
}

fn board() -> (tempfile::TempDir, State<Board>) {
    let dir = scratch_dir();
    let state = State::<Board>::create(dir.path().join("board")).unwrap();
    (dir, state)
}

/// Watches of some parts, through whatever handle.
macro_rules! watches {
    ($handle:expr) => {
        [
            $handle.watch(&$handle.project(|s| &s.small[1]).unwrap()).unwrap(),
            $handle.watch_part(|s| &s.small).unwrap(),
            $handle.watch_part(|s| &s.seats[100..200]).unwrap(),
            $handle.watch_part(|s| &s.samples).unwrap(),
            $handle.watch_part(|s| &s.names).unwrap(),
            $handle.watch_part(|s| s).unwrap(),
        ]
    };
}

#[test]
fn a_part_is_watched_and_nothing_else() {
    let (_dir, state) = board();
    nothing_else(&state, watches!(state));
}

#[test]
fn a_read_only_handle_watches_a_part() {
    let (_dir, state) = board();
    let view = State::<Board>::open_read_only(state.path().unwrap()).unwrap();
    nothing_else(&state, watches!(view));
}

fn nothing_else(state: &State<Board>, mut watches: [Watch<'_, Board>; 6]) {
    let mut touched = |update: &dyn Fn(&mut Board)| {
        state.update(update).unwrap();
        let version = state.version().unwrap();
        let found = watches.each_mut().map(|watch| watch.wait(Duration::ZERO).unwrap());
        assert!(found.iter().flatten().all(|found| *found == version));
        found.map(|found| u8::from(found.is_some()))
    };
    assert_eq!(touched(&|_| ()), [0; 6]);
    assert_eq!(touched(&|s| s.ticks += 1), [0, 0, 0, 0, 0, 1]);
    assert_eq!(touched(&|s| s.small[0] += 1), [0, 1, 0, 0, 0, 1]);
    assert_eq!(touched(&|s| s.small[1] += 1), [1, 1, 0, 0, 0, 1]);
    assert_eq!(touched(&|s| s.seats[99] += 1), [0, 0, 0, 0, 0, 1]);
    assert_eq!(touched(&|s| s.seats[100] += 1), [0, 0, 1, 0, 0, 1]);
    assert_eq!(touched(&|s| s.seats[199] += 1), [0, 0, 1, 0, 0, 1]);
    assert_eq!(touched(&|s| s.samples.push(1).unwrap()), [0, 0, 0, 1, 0, 1]);
    assert_eq!(touched(&|s| _ = s.samples.pop()), [0, 0, 0, 1, 0, 1]);
    assert_eq!(touched(&|s| _ = s.names.insert(1, 2).unwrap()), [0, 0, 0, 0, 1, 1]);
    // What is a value as before was touched if it lies in a container.
    assert_eq!(touched(&|s| s.small[1] += 0), [0; 6]);
    assert_eq!(touched(&|s| s.seats[150] += 0), [0, 0, 1, 0, 0, 1]);
    // The log has no room for so many: everything counts as touched that it would say, which is nothing of plain fields.
    for n in 0..1000 {
        state.update(|s| s.seats[n % 50] += 1).unwrap();
    }
    assert_eq!(touched(&|_| ()), [0, 0, 1, 1, 1, 1]);
    assert_eq!(touched(&|_| ()), [0; 6]);
}

#[test]
#[should_panic = "into the state"]
fn another_place_is_no_part() {
    static OTHER: u64 = 0;
    let (_dir, state) = board();
    let _ = state.watch_part(|_| &OTHER);
}

/// Commits that touch something else do not end a wait, and the one that touches the part does. In each round the log has room for
/// all commits, so that it is not overrun however late the watching thread looks.
#[test]
fn a_watch_sleeps_through_other_commits() {
    let (_dir, state) = board();
    let mut watch = state.watch_part(|s| &s.seats[7]).unwrap();
    for round in 1..=200 {
        thread::scope(|threads| {
            let watcher = threads.spawn(|| {
                let version = watch.wait(PATIENCE).unwrap().unwrap();
                state.read_versioned(|s, now| assert!(s.seats[7] == round && version <= now)).unwrap();
            });
            for n in 0..10 {
                state.update(|s| (s.ticks += 1, s.seats[8 + n] += 1)).unwrap();
            }
            state.update(|s| s.seats[7] = round).unwrap();
            watcher.join().unwrap();
        });
    }
}

#[test]
fn a_task_watches() {
    let (_dir, state) = board();
    let mut watch = state.watch_part(|s| &s.samples).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    assert!(pin!(watch.changed()).poll(&mut context).is_pending());
    state.update(|s| s.ticks += 1).unwrap();
    assert!(pin!(watch.changed()).poll(&mut context).is_pending());
    state.update(|s| s.samples.push(1).unwrap()).unwrap();
    assert!(pin!(watch.changed()).poll(&mut context).is_ready());
    State::<Board>::open(state.path().unwrap()).unwrap().recreate(State::options()).unwrap();
    assert_eq!(watch.wait(PATIENCE).unwrap_err().kind(), ErrorKind::Retired);
}

/// Every change of a place is seen: the last value is, whatever comes between, and whichever writers die.
#[test]
fn writers_are_killed() {
    const ROUNDS: u64 = 40;
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = State::<Counted>::options().timeout(PATIENCE).create(&path).unwrap();
    let commits = state.project(|s| &s.commits).unwrap();
    let view = State::<Counted>::open_read_only(&path).unwrap();
    let mut watches = [
        state.watch(&commits),
        state.watch_part(|s| &s.trace[7]),
        view.watch(&commits),
        view.watch_part(|s| &s.trace[7]),
    ]
    .map(Result::unwrap);
    let mut rng = Rng::new(SEED);
    for _ in 0..ROUNDS {
        let mut writers: Vec<Child> = (0..2).map(|_| child!["count", path, "1000000000"]).collect();
        writers.iter().for_each(|writer| writer.expect("in"));
        let mut seen = [0; 4];
        for _ in 0..20 + rng.below(100) {
            let n = rng.below(4);
            // Each 64th version is in that place of the trace.
            let before = state.read(|s| [s.commits, s.trace[7]]).unwrap()[n % 2];
            assert!(watches[n].wait(PATIENCE).unwrap().is_some());
            let now = state.read(|s| [s.commits, s.trace[7]]).unwrap()[n % 2];
            assert!(now >= before && before >= seen[n]);
            seen[n] = now;
        }
        writers.iter_mut().for_each(Child::kill);
    }
}
