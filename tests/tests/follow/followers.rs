//! Followers beside writers in other processes that are killed: each has the content of the version that it names, and its changes
//! say what has changed.

use shmstate::{Array, Change, ErrorKind, Follower, List, Maybe, SharedLayout, State, Text};
use shmstate_tests::{Child, Counted, PATIENCE, Rng, SEED, child, scratch_dir};
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

#[test]
fn a_change_says_what_was_touched() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Board>::create(dir.path().join("state")).unwrap();
    what_was_touched(&state, state.follow().unwrap());
}

#[test]
fn a_change_through_a_read_only_handle_says_what_was_touched() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Board>::create(dir.path().join("state")).unwrap();
    let view = State::<Board>::open_read_only(state.path().unwrap()).unwrap();
    what_was_touched(&state, view.follow().unwrap());
}

fn what_was_touched(state: &State<Board>, mut follower: Follower<'_, Board>) {
    assert!(follower.advance().unwrap().is_none());

    state.update(|s| s.ticks = 1).unwrap();
    let change = advance(&mut follower);
    assert_eq!((change.from(), change.to(), change.skipped(), change.is_overrun()), (0, 1, 0, false));
    assert_eq!(change.ranges(), [0..1]);
    let ticks = state.project(|s| &s.ticks).unwrap();
    assert!(change.touches(&ticks));

    let cell = state.project(|s| &s.grid[3][4]).unwrap();
    state.update(|s| s.grid[3][4] = 7).unwrap();
    state.update(|s| s.seats[100] = 7).unwrap();
    let change = advance(&mut follower);
    assert_eq!((change.fields(), change.skipped()), (vec!["seats[100]".into(), "grid[3][4]".into()], 1));
    // Exact, also beside neighbours in one word.
    let neighbours = [3, 5].map(|n| state.project(|s| &s.grid[3][n]).unwrap());
    assert!(change.touches(&cell) && !change.touches(&ticks) && !neighbours.iter().any(|cell| change.touches(cell)));
    state.update(|s| (s.grid[3][5..9].fill(7), s.seats[8..11].fill(7))).unwrap();
    assert_eq!(advance(&mut follower).fields(), ["seats[8..11]", "grid[3][5..9]"]);
    let seats = |from, to| change.touches_part(follower.get(), |s| &s.seats[from..to]);
    assert!(seats(0, 512) && seats(100, 101) && !seats(0, 50) && !seats(200, 512));

    state.update(|s| (s.best = Maybe::from(Some(3)), s.name.set("n")).1.unwrap()).unwrap();
    state.update(|s| s.samples.push(1).unwrap()).unwrap();
    assert_eq!(advance(&mut follower).fields(), ["name", "samples", "best"]);
    // What is taken away changes nothing but the length.
    state.update(|s| s.samples.pop()).unwrap();
    assert_eq!(advance(&mut follower).fields(), ["samples"]);
    assert!(follower.get().samples.is_empty() && follower.get().best.is_some());

    // A roll-back is no version, and a version may change nothing.
    assert!(state.try_update(|s| (s.ticks = 9, Err::<(), _>(())).1).unwrap().is_err());
    assert!(follower.advance().unwrap().is_none());
    state.update(|_| ()).unwrap();
    assert_eq!(advance(&mut follower).ranges(), []);
}

/// One that the log has overrun finds by comparing what has changed.
#[test]
fn a_slow_follower_finds_what_differs() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Board>::create(dir.path().join("state")).unwrap();
    let view = State::<Board>::open_read_only(state.path().unwrap()).unwrap();
    for is_pinned in [true, false] {
        let mut follower = if is_pinned { state.follow().unwrap() } else { view.follow().unwrap() };
        for n in 1..=1000 {
            state.update(|s| s.seats[100 + n % 3] = 1000 * follower.version() + n as u64).unwrap();
        }
        state.update(|s| (s.ticks += 1, s.grid[9][15] += 1, s.seats[511] += 1, s.samples.push(1)).3.unwrap()).unwrap();
        let change = advance(&mut follower);
        assert!(change.is_overrun() && change.skipped() == 1000);
        // Plain fields exactly, and items by blocks of 64 bytes.
        let mut touched = change.fields();
        touched.retain(|field| !field.starts_with("seats"));
        assert_eq!(touched, ["ticks", "samples", "grid[9][15]"]);
        let seats = |from, to| change.touches_part(follower.get(), |s| &s.seats[from..to]);
        assert!(seats(100, 103) && seats(511, 512) && !seats(0, 92) && !seats(110, 503), "{change:?}");
        state.read(|s| assert_eq!(s.seats, follower.get().seats)).unwrap();
        assert_eq!(state.read(|s| s.grid[9][15]).unwrap(), follower.get().grid[9][15]);
        state.update(|s| s.seats[0] += 1).unwrap();
        let change = advance(&mut follower);
        assert_eq!((change.is_overrun(), change.fields()), (false, vec!["seats[0]".into()]));
        // What was changed back has not changed.
        for n in (0..1000).rev() {
            state.update(|s| s.seats[7] = n).unwrap();
        }
        let change = advance(&mut follower);
        assert!(change.is_overrun() && change.ranges().is_empty(), "{change:?}");
    }
}

#[derive(SharedLayout)]
#[repr(C)]
struct Large {
    ticks: u64,
    items: Array<u64, { 1 << 20 }>,
}

/// Changes so many places, all of them in the first 64 pages of each megabyte.
fn scatter(state: &State<Large>, rng: &mut Rng, places: usize) {
    state
        .update(|s| {
            s.ticks += 1;
            (0..places).for_each(|_| s.items[rng.below(8) << 17 | rng.below(64 * 512)] = rng.any());
        })
        .unwrap();
}

/// An update that touches more places than the log has room for marks pages; a follower that keeps up takes these over, because another copy
/// lacks the same.
#[test]
fn updates_of_many_places_are_taken_over_by_pages() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Large>::create(dir.path().join("state")).unwrap();
    let view = State::<Large>::open_read_only(state.path().unwrap()).unwrap();
    for is_pinned in [true, false] {
        let mut follower = if is_pinned { state.follow().unwrap() } else { view.follow().unwrap() };
        let rng = &mut Rng::new(SEED);
        for _ in 0..20 {
            scatter(&state, rng, 5000);
            let change = follower.advance().unwrap().unwrap();
            assert!(!change.is_overrun());
            let bytes: usize = change.ranges().iter().map(|range| range.len()).sum();
            assert!((4000..=8 + 8 * 65 * 4096).contains(&bytes), "{bytes}");
            let untouched = 65 * 512;
            assert!(!change.touches_part(follower.get(), |s| &s.items[untouched..(1 << 17) - 512]));
            state.read(|s| assert!(s.items == follower.get().items && s.ticks == follower.get().ticks)).unwrap();
            // A roll-back in between.
            let _ = state.try_update(|s| (s.items[5] = 5, Err::<(), _>(())).1).unwrap();
        }
        // As many updates as there are copies: none of these lacks what the follower lacks.
        (0..3).for_each(|_| scatter(&state, rng, 5000));
        let change = follower.advance().unwrap().unwrap();
        assert!(change.is_overrun());
        let bytes: usize = change.ranges().iter().map(|range| range.len()).sum();
        assert!((12_000..=8 + 8 * 65 * 4096).contains(&bytes), "{bytes}");
        assert!(!change.touches_part(follower.get(), |s| &s.items[64 * 512 + 8..(1 << 17) - 8]));
        state.read(|s| assert!(s.items == follower.get().items && s.ticks == follower.get().ticks)).unwrap();
    }
}

/// A read-only handle outlives those whose entries in the log it knows.
#[test]
fn a_follower_outlives_all_handles() {
    let dir = shmstate_tests::scratch_dir();
    let path = dir.path().join("state");
    let state = State::<Board>::create(&path).unwrap();
    let view = State::<Board>::open_read_only(&path).unwrap();
    (0..10).for_each(|n| state.update(|s| s.seats[n] = 1).unwrap());
    let mut follower = view.follow().unwrap();
    drop(state);
    for round in 1..20 {
        let state = State::<Board>::open(&path).unwrap();
        // As many entries as the follower knows, and some more.
        (0..10 + round).for_each(|n| state.update(|s| s.seats[20 * round + n] = round as u64).unwrap());
        let change = advance(&mut follower);
        assert_eq!(change.to(), state.version().unwrap());
        assert!(state.read(|s| s.seats == follower.get().seats).unwrap());
        (0..3).for_each(|n| state.update(|s| s.seats[n] += 1).unwrap());
        assert!(!advance(&mut follower).is_overrun());
        assert!(state.read(|s| s.seats == follower.get().seats).unwrap());
    }
}

/// What another process has written past the protocol becomes no part of a value, and nothing else is lost by it.
#[test]
fn a_read_only_follower_refuses_what_is_no_value() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Flags {
        number: u64,
        flags: Array<bool, 64>,
    }
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Flags>::create(dir.path().join("state")).unwrap();
    let view = State::<Flags>::open_read_only(state.path().unwrap()).unwrap();
    let mut follower = view.follow().unwrap();
    let set = |value: u8| {
        state
            .update(|s| {
                s.number += 1;
                // SAFETY: a byte of the array; what is no value is looked at by no one but the follower.
                unsafe { (&raw mut s.flags[7]).cast::<u8>().write(value) }
            })
            .unwrap();
    };
    set(2);
    let refused = follower.advance().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Corrupt);
    assert!(refused.to_string().contains("flags"), "{refused}");
    assert_eq!((follower.version(), follower.get().number, follower.get().flags[7]), (0, 0, false));
    set(1);
    let change = follower.advance().unwrap().unwrap();
    assert_eq!((change.skipped(), follower.get().number, follower.get().flags[7]), (1, 2, true));
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

/// Fast followers and slow ones, which the log overruns, with a pin and without, beside writers that die anywhere.
#[test]
fn writers_are_killed() {
    const ROUNDS: u64 = 40;
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = State::<Counted>::options().timeout(PATIENCE).create(&path).unwrap();
    let view = State::<Counted>::open_read_only(&path).unwrap();
    let mut followers = [state.follow(), state.follow(), view.follow(), view.follow()].map(Result::unwrap);
    let mut rng = Rng::new(SEED);
    let mut advances = [0; 2];
    for _ in 0..ROUNDS {
        let mut writers: Vec<Child> = (0..2).map(|_| child!["count", path, "1000000000"]).collect();
        writers.iter().for_each(|writer| writer.expect("in"));
        for n in 0..200 + rng.below(1000) {
            let follower = &mut followers[usize::from(n % 100 == 0) + 2 * rng.below(2)];
            if let Some(change) = follower.wait(PATIENCE).unwrap() {
                advances[usize::from(change.is_overrun())] += 1;
                assert_eq!(change.to(), follower.version());
            }
            follower.get().check(follower.version());
        }
        writers.iter_mut().for_each(Child::kill);
    }
    println!("{} versions; {advances:?} advances by the log, and by everything", state.version().unwrap());
    assert!(advances[0] > 0 && advances[1] > 0);
    for follower in &mut followers {
        follower.advance().unwrap();
        assert_eq!(follower.version(), state.version().unwrap());
        follower.get().check(follower.version());
    }
}
