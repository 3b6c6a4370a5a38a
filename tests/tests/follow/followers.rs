//! Followers beside writers in other processes that are killed: each has the content of the version that it names, and its changes
//! say what has changed.

use shmstate::{Array, Change, ErrorKind, Follower, List, Maybe, SharedLayout, State, Text};
use shmstate_tests::{Actor, Counted, PATIENCE, Rng, SEED, actor, scratch_dir};
use std::thread;
use std::time::Duration;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    name: Text<24>,
    seats: Array<u64, 512>,
    samples: List<u64, 64>,
    best: Maybe<u64>,
    grid: [[u32; 16]; 16],
}

fn advance(follower: &mut Follower<'_, Board>) -> Change<Board> {
    follower.advance().unwrap().unwrap()
}

fn names(change: &Change<Board>) -> Vec<&'static str> {
    change.fields().collect()
}

#[test]
fn a_change_says_what_was_touched() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Board>::create(dir.path().join("state")).unwrap();
    let mut follower = state.follow().unwrap();
    assert!(follower.advance().unwrap().is_none());

    state.update(|s| s.ticks = 1).unwrap();
    let change = advance(&mut follower);
    assert_eq!((change.from(), change.to(), change.skipped(), change.is_overrun()), (0, 1, 0, false));
    assert_eq!(change.ranges(), [0..8]);
    let ticks = state.project(|s| &s.ticks).unwrap();
    assert!(change.touches(&ticks));

    let cell = state.project(|s| &s.grid[3][4]).unwrap();
    state.update(|s| s.grid[3][4] = 7).unwrap();
    state.update(|s| s.seats[100] = 7).unwrap();
    let change = advance(&mut follower);
    assert_eq!((names(&change), change.skipped()), (vec!["seats", "grid"], 1));
    assert!(change.touches(&cell) && !change.touches(&ticks));
    let seats = |from, to| change.touches_part(follower.get(), |s| &s.seats[from..to]);
    assert!(seats(0, 512) && seats(100, 101) && !seats(0, 50) && !seats(200, 512));

    state.update(|s| (s.best = Maybe::from(Some(3)), s.name.set("n")).1.unwrap()).unwrap();
    state.update(|s| s.samples.push(1).unwrap()).unwrap();
    assert_eq!(names(&advance(&mut follower)), ["name", "samples", "best"]);
    // What is taken away changes nothing but the length.
    state.update(|s| s.samples.pop()).unwrap();
    assert_eq!(names(&advance(&mut follower)), ["samples"]);
    assert!(follower.get().samples.is_empty() && follower.get().best.is_some());

    // A roll-back is no version, and a version may change nothing.
    assert!(state.try_update(|s| (s.ticks = 9, Err::<(), _>(())).1).unwrap().is_err());
    assert!(follower.advance().unwrap().is_none());
    state.update(|_| ()).unwrap();
    assert_eq!(advance(&mut follower).ranges(), []);
}

#[test]
fn a_slow_follower_takes_everything() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Board>::create(dir.path().join("state")).unwrap();
    let mut follower = state.follow().unwrap();
    for n in 0..1000 {
        state.update(|s| s.seats[n % 512] = n as u64).unwrap();
    }
    let change = advance(&mut follower);
    assert!(change.is_overrun() && change.skipped() == 999 && change.ranges() == [0..size_of::<Board>()]);
    assert_eq!(follower.get().seats[487], 999);
    state.update(|s| s.seats[0] = 1).unwrap();
    assert_eq!(names(&advance(&mut follower)), ["seats"]);
}

#[test]
fn a_follower_waits() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Counted>::create(dir.path().join("state")).unwrap();
    let mut follower = state.follow().unwrap();
    assert!(follower.wait(Duration::from_millis(5)).unwrap().is_none());
    thread::scope(|threads| {
        threads.spawn(|| Counted::write(&state, 2000).unwrap());
        while follower.version() < 2000 {
            let change = follower.wait(PATIENCE).unwrap().unwrap();
            assert_eq!(change.to(), follower.version());
            follower.get().check(follower.version());
        }
    });
}

#[test]
fn a_follower_of_a_replaced_region_hears_of_it() {
    let dir = scratch_dir();
    let state = State::<Counted>::create(dir.path().join("counted")).unwrap();
    let mut follower = state.follow().unwrap();
    State::<Counted>::open(state.path().unwrap()).unwrap().recreate(State::options()).unwrap();
    assert_eq!(follower.advance().unwrap_err().kind(), ErrorKind::Retired);
    assert_eq!(follower.wait(PATIENCE).unwrap_err().kind(), ErrorKind::Retired);
    follower.get().check(0);
}

/// A fast follower and a slow one, which the log overruns, beside writers that die anywhere.
#[test]
fn writers_are_killed() {
    const ROUNDS: u64 = 40;
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = State::<Counted>::options().timeout(PATIENCE).create(&path).unwrap();
    let mut followers = [state.follow().unwrap(), state.follow().unwrap()];
    let mut rng = Rng::new(SEED);
    let mut advances = [0; 2];
    for _ in 0..ROUNDS {
        let mut writers: Vec<Actor> = (0..2).map(|_| actor!["count", path, "1000000000"]).collect();
        writers.iter().for_each(|writer| writer.expect("in"));
        for n in 0..200 + rng.below(1000) {
            let follower = &mut followers[usize::from(n % 100 == 0)];
            if let Some(change) = follower.wait(PATIENCE).unwrap() {
                advances[usize::from(change.is_overrun())] += 1;
                assert_eq!(change.to(), follower.version());
            }
            follower.get().check(follower.version());
        }
        writers.iter_mut().for_each(Actor::kill);
    }
    println!("{} versions; {advances:?} advances by the log, and by everything", state.version().unwrap());
    assert!(advances[0] > 0 && advances[1] > 0);
    for follower in &mut followers {
        follower.advance().unwrap();
        assert_eq!(follower.version(), state.version().unwrap());
        follower.get().check(follower.version());
    }
}
