//! Waiting for versions, beside writers and waiters in other processes that are killed.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Counted, PATIENCE, Rng, SEED, SetOnDrop, child, has_proc, scratch_dir};
use std::convert::Infallible;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

fn create(path: &Path) -> State<Counted> {
    State::<Counted>::options().timeout(PATIENCE).create(path).unwrap()
}

/// The lock word and the bell, as the file has them.
fn words(path: &Path) -> [u32; 2] {
    let mut bytes = [0; 8];
    std::fs::File::open(path).unwrap().read_exact_at(&mut bytes, 256).unwrap();
    [0, 4].map(|at| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()))
}

#[test]
fn what_is_there_is_not_waited_for() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Counted>::create(dir.path().join("state")).unwrap();
    assert_eq!(state.wait_newer(0, Duration::ZERO).unwrap(), None);
    Counted::write(&state, 3).unwrap();
    assert_eq!(state.wait_newer(0, Duration::MAX).unwrap(), Some(3));
    assert_eq!(state.wait_newer(2, Duration::ZERO).unwrap(), Some(3));
    assert_eq!(state.wait_newer(3, Duration::from_millis(5)).unwrap(), None);
    assert_eq!(state.wait_newer(u64::MAX, Duration::from_millis(5)).unwrap(), None);
    assert_eq!(state.wait_until(Duration::ZERO, |s| Some(s.commits)).unwrap(), Some(3));
    assert_eq!(state.wait_until(Duration::from_millis(5), |s| (s.commits > 3).then_some(())).unwrap(), None);
    let mut changes = state.changes_since(1);
    let change = changes.next_within(Duration::ZERO).unwrap().unwrap();
    assert_eq!((change.version, change.skipped), (3, 1));
    assert_eq!(changes.next_within(Duration::from_millis(5)).unwrap(), None);
}

#[test]
fn a_look_raises_no_flag() {
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let before = words(&path);
    assert_eq!(state.wait_newer(0, Duration::ZERO).unwrap(), None);
    assert_eq!((words(&path), before[0]), (before, 0));
}

#[test]
fn roll_backs_do_not_end_a_wait() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Counted>::create(dir.path().join("state")).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|threads| {
        threads.spawn(|| {
            while !stop.load(Relaxed) {
                assert!(state.try_update(|_| Err::<Infallible, _>(())).unwrap().is_err());
            }
        });
        let _stop = SetOnDrop(&stop);
        assert_eq!(state.wait_newer(0, Duration::from_millis(200)).unwrap(), None);
    });
}

#[test]
fn a_thread_does_not_wait_for_itself() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Counted>::create(dir.path().join("state")).unwrap();
    let refused = state.try_update(|_| Err::<Infallible, _>(state.wait_newer(0, Duration::MAX).unwrap_err()));
    let refused = refused.unwrap().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Reentrant);
    let text = format!(
        "a wait for the region `{}` inside of an `update` or migration closure of the same region: it would wait for itself; do it \
         after the closure",
        dir.path().join("state").display()
    );
    assert_eq!(refused.to_string(), text);
    // A reader may wait for the version after the one that it keeps.
    let other = state.try_clone().unwrap();
    thread::scope(|threads| {
        let waiter =
            threads.spawn(|| state.read(|s| (s.commits, state.wait_newer(s.commits, PATIENCE).unwrap())).unwrap());
        while !waiter.is_finished() {
            Counted::write(&other, 1).unwrap();
        }
        let (before, after) = waiter.join().unwrap();
        assert!(after > Some(before));
    });
}

const COMMITS: u64 = 6_000;

/// Makes each first of two versions, and waits for the second.
fn back_and_forth(state: &State<Counted>, other: Child) {
    for odd in (1..COMMITS).step_by(2) {
        state.update_versioned(Counted::commit).unwrap();
        assert_eq!(state.wait_newer(odd, PATIENCE).unwrap(), Some(odd + 1));
    }
    let _ = other.succeed();
    state.read_versioned(Counted::check).unwrap();
}

/// Two processes that answer each other, one version at a time.
#[test]
fn versions_go_back_and_forth() {
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let other = child!["answer", path, COMMITS.to_string()];
    other.expect("in");
    back_and_forth(&state, other);
}

/// Neither knows the process id of the other one.
#[test]
fn versions_go_back_and_forth_between_pid_namespaces() {
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let other = child!["answer-elsewhere", path, COMMITS.to_string()];
    match other.line().as_deref() {
        Some("skip") => return println!("skipped: no PID namespace"),
        line => assert_eq!(line, Some("in")),
    }
    let attached = state.attached().unwrap();
    assert_eq!((attached.len(), attached[1].pid), (2, 1));
    if has_proc() {
        assert_ne!(attached[0].namespace, attached[1].namespace, "not known without /proc");
    }
    back_and_forth(&state, other);
}

/// Waiters of every kind, beside writers that are killed wherever they are. What a writer made before its death ends a wait,
/// whether or not it came to wake the waiters.
#[test]
fn writers_are_killed() {
    const ROUNDS: u64 = 60;
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let view = State::<Counted>::open_read_only(&path).unwrap();
    let waiters: Vec<Child> = (0..2).map(|_| child!["wait", path, (ROUNDS * 20).to_string()]).collect();
    waiters.iter().for_each(|waiter| waiter.expect("in"));
    let mut rng = Rng::new(SEED);
    for _ in 0..ROUNDS {
        let mut writers: Vec<Child> = (0..2).map(|_| child!["count", path, "1000000000"]).collect();
        let target = state.version().unwrap() + 20 + rng.below(200) as u64;
        let seen = state.wait_until(PATIENCE, |s| (s.commits >= target).then_some(s.commits)).unwrap().unwrap();
        writers.iter_mut().for_each(Child::kill);
        assert!(view.wait_newer(seen - 1, PATIENCE).unwrap().unwrap() >= seen);
        let last = state.version().unwrap();
        assert_eq!(state.wait_newer(last, Duration::ZERO).unwrap(), None);
    }
    let stats = state.stats().unwrap();
    println!("{} versions, {} recoveries", stats.commits, stats.recoveries);
    waiters.into_iter().for_each(|waiter| assert_eq!(waiter.succeed().last().map(String::as_str), Some("done")));
}

/// The flag of a dead waiter goes with the next update, which rings for it; the one after that does nothing any more.
#[test]
fn dead_waiters_cost_nothing() {
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    for _ in 0..20 {
        let mut waiters: Vec<Child> = (0..3).map(|_| child!["wait", path, u64::MAX.to_string()]).collect();
        waiters.iter().for_each(|waiter| waiter.expect("in"));
        Counted::write(&state, 50).unwrap();
        waiters.iter_mut().for_each(Child::kill);
        state.update_versioned(Counted::commit).unwrap();
        let [word, bell] = words(&path);
        assert_eq!(word, 0, "a dead waiter's flag stays");
        state.update_versioned(Counted::commit).unwrap();
        assert_eq!(words(&path), [0, bell], "an update rings for the dead");
    }
}

#[test]
fn a_waiter_of_a_replaced_region_hears_of_it() {
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let view = State::<Counted>::open_read_only(&path).unwrap();
    let replaced = create(&dir.path().join("not this one"));
    thread::scope(|threads| {
        let waiter = threads.spawn(|| state.wait_newer(0, PATIENCE).unwrap_err().kind());
        let viewer = threads.spawn(|| view.wait_newer(0, PATIENCE).unwrap_err().kind());
        let mut changes = replaced.changes().unwrap();
        State::<Counted>::open(&path).unwrap().recreate(State::options()).unwrap();
        assert_eq!([waiter, viewer].map(|waiter| waiter.join().unwrap()), [ErrorKind::Retired; 2]);
        State::<Counted>::open(replaced.path().unwrap()).unwrap().recreate(State::options()).unwrap();
        assert_eq!(changes.next().unwrap().unwrap_err().kind(), ErrorKind::Retired);
        assert!(changes.next().is_none());
    });
}

#[test]
fn a_read_only_handle_waits() {
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let before = words(&path);
    let view = State::<Counted>::open_read_only(&path).unwrap();
    assert_eq!(view.wait_newer(0, Duration::ZERO).unwrap(), None);
    assert_eq!(view.wait_newer(0, Duration::from_millis(5)).unwrap(), None);
    thread::scope(|threads| {
        let viewer = threads.spawn(|| (1..=20).fold(0, |seen, _| view.wait_newer(seen, PATIENCE).unwrap().unwrap()));
        while !viewer.is_finished() {
            Counted::write(&state, 1).unwrap();
        }
        assert!(viewer.join().unwrap() >= 20);
    });
    assert_eq!((words(&path), before[0]), (before, 0), "a read-only handle writes nothing");
}
