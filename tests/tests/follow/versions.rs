//! The number that comes with what was read is the version of just that, beside fast writers and their roll-backs.

use shmstate::State;
use shmstate_tests::{Child, Counted, PATIENCE, child, scratch_dir};

const COMMITS: u64 = 40_000;

/// A recorder in this process, beside writers in others, which make all versions up to `COMMITS`.
fn record(copies: usize, mut look: impl FnMut(&State<Counted>, u64) -> u64) {
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = State::<Counted>::options().timeout(PATIENCE).copies(copies).create(&path).unwrap();
    let writers: Vec<Child> = (0..2).map(|_| child!["count", path, (COMMITS / 2).to_string()]).collect();
    writers.iter().for_each(|writer| writer.expect("in"));
    let (mut last, mut seen) = (0, 0);
    while last < COMMITS {
        let version = look(&state, seen);
        assert!(version >= last, "version {version} after {last}");
        (last, seen) = (version, seen + 1);
    }
    writers.into_iter().for_each(|writer| _ = writer.succeed());
    assert_eq!(state.version().unwrap(), COMMITS, "a roll-back makes no version");
    println!("{copies} copies: {seen} looks at {COMMITS} versions");
}

#[test]
fn reads_and_snapshots() {
    for copies in [2, 3] {
        record(copies, |state, n| match n % 8 {
            0 => {
                let (version, snapshot) = state.snapshot_versioned().unwrap();
                snapshot.check(version);
                version
            }
            _ => state
                .read_versioned(|s, version| {
                    s.check(version);
                    version
                })
                .unwrap(),
        });
    }
}

#[test]
fn loads() {
    for copies in [2, 3] {
        let mut fields = None;
        record(copies, |state, n| {
            let fields = fields
                .get_or_insert_with(|| [state.project(|s| &s.commits), state.project(|s| &s.last)].map(Result::unwrap));
            let (version, found) = state.load_versioned(&fields[n as usize % 2]).unwrap();
            assert_eq!(found, version);
            version
        });
    }
}

#[test]
fn through_a_read_only_handle() {
    for copies in [2, 3] {
        let mut view = None;
        record(copies, |state, n| {
            let (view, commits) = view.get_or_insert_with(|| {
                let view = State::<Counted>::open_read_only(state.path().unwrap()).unwrap();
                let commits = view.project(|s| &s.commits).unwrap();
                (view, commits)
            });
            if n % 2 == 0 {
                let (version, found) = view.load_versioned(commits).unwrap();
                assert_eq!(found, version);
                return version;
            }
            let (version, snapshot) = view.snapshot_versioned().unwrap();
            snapshot.check(version);
            version
        });
    }
}

#[test]
fn updates() {
    let dir = shmstate_tests::scratch_dir();
    let state = State::<Counted>::create(dir.path().join("state")).unwrap();
    assert_eq!(state.update_versioned(|s, version| (s.commit(version), version).1).unwrap(), 1);
    assert_eq!(state.try_update_versioned(|_, version| Err::<(), _>(version)).unwrap(), Err(2));
    assert_eq!(state.with_timeout(PATIENCE).update_versioned(|s, version| (s.commit(version), version).1).unwrap(), 2);
    assert_eq!(state.with_timeout(PATIENCE).try_update_versioned(|_, version| Err::<(), _>(version)).unwrap(), Err(3));
    state.read_versioned(Counted::check).unwrap();
    // The version that is read inside of an update is the one before.
    state
        .update_versioned(|_, version| assert_eq!(state.read_versioned(|_, seen| seen).unwrap() + 1, version))
        .unwrap();
}
