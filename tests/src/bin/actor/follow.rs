//! Writers of a state that others follow, and those that wait for its versions.

use crate::say;
use shmstate::State;
use shmstate_tests::{Counted, PATIENCE};

fn open(path: &str) -> State<Counted> {
    State::<Counted>::options().timeout(PATIENCE).open(path).expect("the state")
}

/// Makes so many versions, with roll-backs in between.
pub fn count(path: &str, commits: u64) {
    let state = open(path);
    say("in");
    Counted::write(&state, commits).expect("updates");
}

/// Waits for version after version, until the state has so many.
pub fn wait(path: &str, commits: u64) {
    let state = open(path);
    say("in");
    let mut changes = state.changes_since(0);
    let mut seen = 0;
    while seen < commits {
        let change = changes.next_within(PATIENCE).expect("a wait").expect("a version");
        assert_eq!(change.version, seen + change.skipped + 1);
        seen = state
            .read_versioned(|s, version| {
                s.check(version);
                assert!(version >= change.version, "an older version than the one that was waited for");
                change.version
            })
            .expect("a read");
    }
    say("done");
}

/// Makes each second version, as soon as the one before is there.
pub fn answer(path: &str, commits: u64) {
    let state = open(path);
    say("in");
    for even in (2..=commits).step_by(2) {
        assert_eq!(state.wait_newer(even - 2, PATIENCE).expect("a wait"), Some(even - 1));
        state.update_versioned(Counted::commit).expect("an update");
    }
}
