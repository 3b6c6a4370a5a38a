//! Writers of a state that others follow.

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
