//! Deaths: `kill -9` at random points and at chosen ones. (At every instruction: `step`.)
//!
//! `SHMSTATE_KILLS` is how many children each kill loop kills at most; by default, what fits in a few seconds.

use shmstate::State;
use shmstate_tests::{Child, Counters, Fixture, PATIENCE, child, scratch_dir};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A fixture of its own for a test, and the counters.
fn fixture(dir: &Path) -> (State<Fixture>, PathBuf, PathBuf) {
    let path = dir.join("fixture");
    let fixture = State::<Fixture>::options().timeout(PATIENCE).create(&path).unwrap();
    (fixture, path, dir.join("counters"))
}

/// Nothing is left behind but what has a name.
fn assert_tidy(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = ["fixture", "counters"].contains(&&*name) || name.starts_with("fixture.new");
        assert!(known, "`{name}` was left behind");
    }
}

/// No slot was lost: all handles can be had.
fn assert_no_slot_is_lost(path: &Path, held: usize) {
    let handles: Vec<_> = (held..64).map(|_| State::<Fixture>::open(path).unwrap()).collect();
    drop(handles);
}

fn kill_at_random(nurseries: u64, hold: bool, supervised: bool, seconds: u64) {
    let dir = scratch_dir();
    let (fixture, path, counters) = fixture(dir.path());
    let supervisor = supervised.then_some(fixture);
    let kills = std::env::var("SHMSTATE_KILLS").ok();
    let (kills, seconds) = match &kills {
        Some(kills) => (kills.clone(), "500".to_owned()),
        None => ("100000".to_owned(), seconds.to_string()),
    };
    let hold = if hold { "hold" } else { "free" };
    let children: Vec<Child> = (1..=nurseries)
        .map(|seed| child!["kill_loop", path, counters, seed.to_string(), kills, seconds, hold])
        .collect();
    for child in children {
        println!("{}", child.succeed().concat());
    }
    let counters = Counters::open(&counters);
    let (begun, done, kills) =
        (counters.get(Counters::BEGUN), counters.get(Counters::DONE), counters.get(Counters::KILLS));
    let fixture = State::<Fixture>::open(&path).unwrap();
    let version = fixture.version().unwrap();
    println!("{kills} kills, {done} updates acknowledged, version {version}, {begun} begun");
    assert!(done <= version && version <= done + kills && version <= begun);
    assert!(*fixture.snapshot().unwrap() == *Fixture::at(version));
    assert!(kills >= 50 * nurseries, "few kills: {kills}");
    assert_no_slot_is_lost(&path, 1 + usize::from(supervised));
    drop(supervisor);
    assert_tidy(dir.path());
}

#[test]
fn killed_at_random_while_somebody_holds_the_region() {
    kill_at_random(2, true, true, 8);
}

#[test]
fn killed_at_random_while_nobody_holds_the_region() {
    kill_at_random(1, false, false, 8);
}

#[test]
fn killed_at_random_while_others_come_and_go() {
    kill_at_random(3, false, false, 6);
}

#[test]
fn killed_at_a_chosen_point() {
    let places = [
        ("in-update", 0),
        ("in-update-halfway", 0),
        ("in-read", 0),
        ("in-nested-read", 0),
        ("in-snapshot-in-read", 0),
        ("in-init", 0),
        ("after-create", 0),
        ("after-open", 0),
        ("after-update", 1),
        ("after-roll-back", 0),
        ("in-roll-back", 0),
        ("in-thread", 0),
    ];
    for supervised in [true, false] {
        let dir = scratch_dir();
        let (fixture, path, _) = fixture(dir.path());
        let supervisor = supervised.then_some(fixture);
        let mut version = 0;
        for round in 0..5 {
            for (place, done) in places {
                child!["die", place, path].die(libc::SIGKILL);
                version += done;
                let again = State::<Fixture>::options().timeout(PATIENCE).open(&path).unwrap();
                let fixture = supervisor.as_ref().filter(|_| round % 2 == 0).unwrap_or(&again);
                assert_eq!(fixture.version().unwrap(), version, "{place}");
                assert!(fixture.read(|s| *s == *Fixture::at(version)).unwrap(), "{place}");
                fixture.update(Fixture::step).unwrap();
                version += 1;
                assert!(fixture.read(|s| *s == *Fixture::at(version)).unwrap(), "{place}");
                let new = dir.path().join("fixture.new");
                assert_eq!(new.exists(), place == "after-create", "{place}");
                if new.exists() {
                    assert!(State::<Fixture>::open(&new).unwrap().read(|s| *s == *Fixture::first()).unwrap());
                    shmstate::remove(&new).unwrap();
                }
            }
        }
        assert_no_slot_is_lost(&path, usize::from(supervised));
        assert_tidy(dir.path());
    }
}

/// Readers that stay, in the newest version and the two before it: no copy of three is free.
fn readers_in_three_versions(fixture: &State<Fixture>, path: &Path) -> Vec<Child> {
    let readers = (0..3).map(|version| {
        let reader = child!["hold-read", path];
        reader.expect("in");
        if version < 2 {
            fixture.update(Fixture::step).unwrap();
        }
        reader
    });
    readers.collect()
}

/// K − 2 dead readers and one more: their pins are cleared when they are in the way.
#[test]
fn readers_that_were_killed_are_in_nobodys_way() {
    let dir = scratch_dir();
    let (fixture, path, _) = fixture(dir.path());
    let mut readers = readers_in_three_versions(&fixture, &path);
    for reader in &mut readers {
        reader.kill();
    }
    for _ in 0..100 {
        fixture.update(Fixture::step).unwrap();
        assert!(fixture.read(|s| *s == *Fixture::at(s.steps)).unwrap());
    }
}

#[test]
fn what_the_dead_cost_is_counted() {
    let dir = scratch_dir();
    let (fixture, path, _) = fixture(dir.path());
    child!["die", "in-update", path].die(libc::SIGKILL);
    fixture.update(Fixture::step).unwrap();
    let stats = fixture.stats().unwrap();
    assert_eq!((stats.commits, stats.recoveries, stats.pins_reclaimed), (1, 1, 0));
    assert!(!stats.longest_wait.is_zero(), "the lock was not free");
    // Readers in all three copies, all dead.
    let mut readers = readers_in_three_versions(&fixture, &path);
    for reader in &mut readers {
        reader.kill();
    }
    assert_eq!(fixture.try_update(|_| Err::<(), _>("no")).unwrap(), Err("no"));
    let stats = fixture.stats().unwrap();
    assert_eq!((stats.commits, stats.recoveries, stats.roll_backs), (3, 1, 1));
    assert!(stats.pins_reclaimed >= 1, "{stats:?}");
    // A writer that claims the dead one's slot, with the lock in it.
    child!["die", "in-update", path].die(libc::SIGKILL);
    drop(State::<Fixture>::open(&path).unwrap());
    assert_eq!((fixture.stats().unwrap().recoveries, fixture.version().unwrap()), (2, 3));
}

fn counts(fixture: &State<Fixture>) -> (u64, u64, u64, u64, Duration) {
    let stats = fixture.stats().unwrap();
    (stats.commits, stats.roll_backs, stats.recoveries, stats.pins_reclaimed, stats.longest_wait)
}

#[test]
fn what_others_cost_is_counted() {
    let dir = scratch_dir();
    let (fixture, path, _) = fixture(dir.path());
    fixture.update(Fixture::step).unwrap();
    assert_eq!(counts(&fixture), (1, 0, 0, 0, Duration::ZERO));
    let panicked = catch_unwind(AssertUnwindSafe(|| fixture.update(|_| resume_unwind(Box::new(())))));
    assert!(panicked.is_err());
    assert_eq!(counts(&fixture), (1, 1, 0, 0, Duration::ZERO));
    let writer = child!["hold-update", path];
    writer.expect("in");
    let timeout = Duration::from_millis(30);
    let hasty = State::<Fixture>::options().timeout(timeout).open(&path).unwrap();
    hasty.update(Fixture::step).unwrap_err();
    drop(writer);
    let stats = fixture.stats().unwrap();
    assert!(stats.longest_wait >= timeout, "one that was in vain counts as well: {stats:?}");
    assert_eq!((stats.commits, stats.recoveries), (1, 0));
    // The region remembers, whichever process is attached.
    drop((fixture, hasty));
    let again = State::<Fixture>::open(&path).unwrap();
    assert_eq!(again.stats().unwrap(), stats);
}
