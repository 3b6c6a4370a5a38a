//! Forks and threads.

use shmstate::State;
use shmstate_tests::{Fixture, PATIENCE, child, has_proc, scratch_dir};
use std::path::PathBuf;
use tempfile::TempDir;

fn fixture() -> (TempDir, PathBuf, State<Fixture>) {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().timeout(PATIENCE).create(&path).unwrap();
    (dir, path, fixture)
}

fn scenario(what: &str) {
    let (_dir, path, fixture) = fixture();
    child!["fork", what, path].succeed();
    let version = fixture.version().unwrap();
    fixture.update(Fixture::step).unwrap();
    assert!(fixture.read(|s| *s == *Fixture::at(version + 1)).unwrap());
}

#[test]
fn a_handle_says_that_it_was_made_before_the_fork() {
    scenario("handle");
}

#[test]
fn a_read_only_handle_goes_on_in_a_child_by_its_name() {
    scenario("view");
}

#[test]
fn a_task_waits_in_its_own_process_alone() {
    scenario("tasks");
}

#[test]
fn a_handle_dropped_in_a_child_does_nothing_to_the_parent() {
    scenario("drop");
}

#[test]
fn a_child_opens_its_own_handle() {
    scenario("own");
}

#[test]
fn a_fork_inside_of_a_closure_leaves_the_closure_to_the_parent() {
    scenario("in-closure");
}

#[test]
fn a_child_that_leaves_a_closure_of_its_parents_takes_nothing_away() {
    for what in ["out-of-read", "out-of-update", "out-of-panic"] {
        println!("{what}");
        scenario(what);
    }
}

#[test]
fn guards_of_the_parent_are_its_own() {
    scenario("guards");
}

#[test]
fn a_child_that_leaves_the_closure_that_fills_a_new_state_leaves_it_to_its_parent() {
    if !has_proc() {
        return println!("skipped: an anonymous state takes /proc");
    }
    scenario("out-of-init");
}

#[test]
fn no_child_keeps_a_descriptor() {
    if !has_proc() {
        return;
    }
    scenario("descriptors");
}

/// A child of a child. It outlives its parent, but not the test, however that ends.
struct Orphan(libc::pid_t);

impl Drop for Orphan {
    fn drop(&mut self) {
        // SAFETY: no pointers; a process that a child started, and that ends by this alone.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }
}

/// A forked child that lives on does not keep its dead parent's lock, slot or pins alive.
fn orphan(what: &str) {
    let (_dir, path, fixture) = fixture();
    for round in 0..5 {
        let mut parent = child!["fork", what, path];
        let child = Orphan(parent.line().unwrap().parse().unwrap());
        parent.expect("in");
        let version = fixture.version().unwrap();
        parent.kill();
        // SAFETY: no pointers; signal 0 asks only.
        assert_eq!(unsafe { libc::kill(child.0, 0) }, 0, "the child lives on");
        for _ in 0..5 {
            fixture.update(Fixture::step).unwrap();
        }
        assert_eq!(fixture.version().unwrap(), version + 5, "round {round}");
        assert!(fixture.read(|s| *s == *Fixture::at(version + 5)).unwrap());
        // All handles but this one can be had.
        let handles: Vec<_> = (1..64).map(|_| State::<Fixture>::open(&path).unwrap()).collect();
        drop(handles);
    }
}

#[test]
fn a_child_does_not_keep_its_dead_parents_lock() {
    orphan("orphan-in-update");
}

/// It runs no handlers, and inherits every descriptor.
#[test]
fn a_raw_clone_does_not_keep_its_dead_parents_lock() {
    orphan("orphan-by-clone");
}

#[test]
fn another_program_does_not_keep_the_lock_of_the_process_that_started_it() {
    orphan("orphan-spawned");
}

#[test]
fn a_process_that_becomes_another_program_loses_its_lock() {
    let (_dir, path, fixture) = fixture();
    let mut child = child!["fork", "exec-in-update", path];
    child.expect("another");
    fixture.update(Fixture::step).unwrap();
    assert_eq!((fixture.version().unwrap(), fixture.stats().unwrap().recoveries), (1, 1));
    child.go();
    child.succeed();
}

/// Whatever a child may inherit of a handle that is just being opened: it does not keep the dead parent's slots.
#[test]
fn children_that_are_forked_while_handles_are_opened_keep_nothing() {
    let (_dir, path, fixture) = fixture();
    let mut parent = child!["fork", "orphans-while-opening", path];
    let mut children = Vec::new();
    loop {
        match parent.line().unwrap().as_str() {
            "in" => break,
            child => children.push(Orphan(child.parse().unwrap())),
        }
    }
    parent.kill();
    assert_eq!(children.len(), 100);
    fixture.update(Fixture::step).unwrap();
    let handles: Vec<_> = (1..64).map(|_| State::<Fixture>::open(&path).unwrap()).collect();
    drop(handles);
}

#[test]
fn a_child_does_not_keep_its_dead_parents_pins() {
    orphan("orphan");
}

/// Two dead parents' pins, in two copies, and a third in the active one: the writer gets on nevertheless.
#[test]
fn children_do_not_keep_their_dead_parents_pins_in_all_copies() {
    let (_dir, path, fixture) = fixture();
    let mut children = Vec::new();
    let mut parents = Vec::new();
    for _ in 0..3 {
        let parent = child!["fork", "orphan", path];
        children.push(Orphan(parent.line().unwrap().parse().unwrap()));
        parent.expect("in");
        parents.push(parent);
        if parents.len() < 3 {
            fixture.update(Fixture::step).unwrap();
        }
    }
    parents.iter_mut().for_each(|parent| parent.kill());
    for _ in 0..10 {
        fixture.update(Fixture::step).unwrap();
    }
}

#[test]
fn threads_share_a_handle_or_have_one_each() {
    const fn send_and_sync<T: Send + Sync>() {}
    const { send_and_sync::<State<Fixture>>() };

    let (_dir, _, fixture) = fixture();
    let look = |fixture: &State<Fixture>| {
        fixture
            .read(|s| {
                let (steps, hash) = (s.steps, s.hash);
                std::thread::yield_now();
                assert_eq!((s.steps, s.hash, s.steps_again), (steps, hash, steps));
            })
            .unwrap();
        let seen = fixture.snapshot().unwrap();
        assert_eq!(seen.steps, seen.steps_again);
    };
    std::thread::scope(|scope| {
        for i in 0..4 {
            let own = fixture.try_clone().unwrap();
            let shared = &fixture;
            scope.spawn(move || {
                let fixture = if i % 2 == 0 { &own } else { shared };
                for _ in 0..500 {
                    fixture.update(Fixture::step).unwrap();
                }
            });
            scope.spawn(move || (0..200).for_each(|_| look(shared)));
        }
    });
    assert_eq!(fixture.version().unwrap(), 2000);
    assert!(fixture.read(|s| *s == *Fixture::at(2000)).unwrap());
}
