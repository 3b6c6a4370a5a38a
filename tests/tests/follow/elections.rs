//! Which processes are attached, and which one of them is elected, beside processes that are killed.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, PATIENCE, Rng, SEED, Term, child, scratch_dir};
use std::convert::Infallible;
use std::path::Path;
use std::thread;
use std::time::Duration;

fn create(path: &Path) -> State<Term> {
    State::<Term>::options().timeout(PATIENCE).create(path).unwrap()
}

/// The processes that are attached, in the order of their slots.
fn pids(state: &State<Term>) -> Vec<u32> {
    state.attached().unwrap().iter().map(|handle| handle.pid).collect()
}

#[test]
fn handles_come_and_go() {
    let dir = scratch_dir();
    let path = dir.path().join("term");
    let before = shmstate::Timestamp::now();
    let state = create(&path);
    let me = std::process::id();
    assert_eq!(pids(&state), [me]);
    let clone = state.try_clone().unwrap();
    let attached = state.attached().unwrap();
    assert_eq!(attached.iter().map(|handle| (handle.slot, handle.pid)).collect::<Vec<_>>(), [(0, me), (1, me)]);
    let now = shmstate::Timestamp::now();
    assert!(attached.iter().all(|handle| before <= handle.since && handle.since <= now && !handle.command.is_empty()));
    assert!(attached[0].since <= attached[1].since);
    drop(clone);
    assert_eq!(pids(&state), [me]);
    assert_eq!(state.wait_attached(Duration::from_millis(5), |all| (all.len() > 1).then_some(())).unwrap(), None);

    // A process that comes, and one that is killed, end a wait.
    let mut other = child!["hold-office", path];
    let came = state.wait_attached(PATIENCE, |all| (all.len() == 2).then(|| all[1].pid)).unwrap();
    assert_eq!(came, Some(other.pid() as u32));
    other.expect("elected");
    assert!(state.elect(Duration::ZERO).unwrap().is_none());
    other.kill();
    assert_eq!(state.wait_attached(PATIENCE, |all| (all.len() == 1).then_some(())).unwrap(), Some(()));
    assert!(state.elect(PATIENCE).unwrap().is_some());
}

#[test]
fn a_stopped_process_stays_elected() {
    let dir = scratch_dir();
    let path = dir.path().join("term");
    let state = create(&path);
    let mut other = child!["hold-office", path];
    other.expect("elected");
    other.stop();
    assert!(state.elect(Duration::from_millis(300)).unwrap().is_none());
    other.signal(libc::SIGCONT);
    thread::scope(|threads| {
        let waits = threads.spawn(|| drop(state.elect(PATIENCE).unwrap().unwrap()));
        other.go();
        other.expect("resigned");
        waits.join().unwrap();
    });
    other.go();
    let _ = other.succeed();
}

#[test]
fn an_election_is_one_of_handles_and_of_their_region() {
    let dir = scratch_dir();
    let path = dir.path().join("term");
    let state = create(&path);
    let other = state.try_clone().unwrap();
    let elected = state.elect(Duration::ZERO).unwrap().unwrap();
    // No other thread of that handle, and no other handle of the process.
    assert!(state.elect(Duration::ZERO).unwrap().is_none() && other.elect(Duration::ZERO).unwrap().is_none());
    // A handle that is gone is not elected, whatever has become of the value.
    std::mem::forget(elected);
    drop(state);
    let elected = other.elect(Duration::ZERO).unwrap().unwrap();
    let refused = other.try_update(|_| Err::<Infallible, _>(other.elect(Duration::MAX).unwrap_err()));
    let refused = refused.unwrap().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Reentrant);
    assert!(refused.to_string().starts_with("a wait for the region `"), "{refused}");
    let mut successor = State::<Term>::open(&path).unwrap();
    successor.recreate(State::options()).unwrap();
    assert!(successor.elect(Duration::ZERO).unwrap().is_some());
    drop(elected);
    assert_eq!(other.elect(PATIENCE).unwrap_err().kind(), ErrorKind::Retired);
}

/// Processes that are killed wherever they are: one is elected at a time, and always one again.
#[test]
fn electors_are_killed() {
    const ROUNDS: u64 = 300;
    let dir = scratch_dir();
    let path = dir.path().join("term");
    let state = create(&path);
    let mut rng = Rng::new(SEED);
    let mut start = |seed: u64| -> Child { child!["elect", path, seed.to_string()] };
    let mut electors: Vec<Child> = (0..4).map(&mut start).collect();
    let (mut number, mut of_the_elected) = (0, 0);
    for round in 0..ROUNDS {
        // A few terms later, one of them dies: mostly the one that is elected.
        let target = number + 1 + rng.below(4) as u64;
        let next = |term: &Term| (term.number >= target).then_some((term.number, term.holder));
        let found = state.wait_until(PATIENCE, next).unwrap();
        let Some((now, holder)) = found else { panic!("no process is elected after {number} terms") };
        number = now;
        let of_holder = electors.iter().position(|elector| elector.pid() as u64 == holder);
        let victim = of_holder.filter(|_| rng.below(4) > 0).unwrap_or(rng.below(4));
        assert!(electors[victim].lives(), "a process has found another one elected");
        electors[victim].kill();
        of_the_elected += u64::from(state.read(|term| term.holder == electors[victim].pid() as u64).unwrap());
        electors[victim] = start(round);
    }
    println!("{number} terms, {of_the_elected} of {ROUNDS} deaths were of the one that was elected last");
    assert!(of_the_elected > 0);
    let last = state.read(|term| term.number).unwrap();
    assert!(state.wait_until(PATIENCE, |term| (term.number > last + 8).then_some(())).unwrap().is_some());
    assert!(electors.iter_mut().all(Child::lives), "a process has found another one elected");
}
