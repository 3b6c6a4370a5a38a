//! Writers of a state that others follow, and those that wait for its versions.

use crate::say;
use shmstate::State;
use shmstate_tests::{Counted, PATIENCE, Rng, Term};

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

/// [`answer`], as the first process of a PID namespace of its own.
pub fn answer_elsewhere(path: &str, commits: u64) {
    // SAFETY: no pointers.
    let unshared = |flags| unsafe { libc::unshare(flags) } == 0;
    if !unshared(libc::CLONE_NEWPID) && !unshared(libc::CLONE_NEWUSER | libc::CLONE_NEWPID) {
        return say("skip");
    }
    let first = crate::fork::child(|| {
        // SAFETY: no pointers: it does not outlive its parent.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        assert_eq!(std::process::id(), 1);
        answer(path, commits);
    });
    crate::fork::succeeds(first);
}

/// Stands for election again and again. While it is elected, no other process has been, and its slot is its own.
pub fn elect(path: &str, seed: u64) {
    let state = State::<Term>::options().timeout(PATIENCE).open(path).expect("the state");
    let me = u64::from(std::process::id());
    let mut rng = Rng::new(seed);
    say("in");
    loop {
        let elected = state.elect(PATIENCE).expect("an election").expect("it is its turn some time");
        let number = state
            .update(|term| {
                (term.number, term.holder, term.steps) = (term.number + 1, me, 0);
                term.number
            })
            .expect("an update");
        for step in 0..rng.below(40) as u64 {
            state
                .update(|term| {
                    assert_eq!(
                        (term.number, term.holder, term.steps),
                        (number, me, step),
                        "another process is elected"
                    );
                    term.steps += 1;
                })
                .expect("an update");
        }
        drop(elected);
    }
}

/// Is attached, and elected, until the test lets it go.
pub fn hold_office(path: &str) {
    let state = State::<Term>::options().timeout(PATIENCE).open(path).expect("the state");
    let elected = state.elect(PATIENCE).expect("an election").expect("it is its turn some time");
    say("elected");
    crate::wait_for_go();
    drop(elected);
    say("resigned");
    crate::wait_for_go();
}
