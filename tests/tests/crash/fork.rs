//! Forks and threads.

use shmstate::State;
use shmstate_tests::{PATIENCE, World, actor, has_proc, scratch_dir};
use std::path::PathBuf;
use tempfile::TempDir;

fn world() -> (TempDir, PathBuf, State<World>) {
    let dir = scratch_dir();
    let path = dir.path().join("world");
    let world = State::<World>::options().timeout(PATIENCE).create(&path).unwrap();
    (dir, path, world)
}

fn scenario(what: &str) {
    let (_dir, path, world) = world();
    actor!["fork", what, path].succeed();
    let version = world.version().unwrap();
    world.update(World::step).unwrap();
    assert!(world.read(|s| *s == *World::at(version + 1)).unwrap());
}

#[test]
fn a_handle_says_that_it_was_made_before_the_fork() {
    scenario("handle");
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

/// A child of an actor. It outlives its parent, but not the test, however that ends.
struct Orphan(libc::pid_t);

impl Drop for Orphan {
    fn drop(&mut self) {
        // SAFETY: no pointers; a process that an actor started, and that ends by this alone.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }
}

/// A forked child that lives on does not keep its dead parent's lock, slot or pins alive.
fn orphan(what: &str) {
    let (_dir, path, world) = world();
    for round in 0..5 {
        let mut parent = actor!["fork", what, path];
        let child = Orphan(parent.line().unwrap().parse().unwrap());
        parent.expect("in");
        let version = world.version().unwrap();
        parent.kill();
        // SAFETY: no pointers; signal 0 asks only.
        assert_eq!(unsafe { libc::kill(child.0, 0) }, 0, "the child lives on");
        for _ in 0..5 {
            world.update(World::step).unwrap();
        }
        assert_eq!(world.version().unwrap(), version + 5, "round {round}");
        assert!(world.read(|s| *s == *World::at(version + 5)).unwrap());
        // All handles but this one can be had.
        let handles: Vec<_> = (1..64).map(|_| State::<World>::open(&path).unwrap()).collect();
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
    let (_dir, path, world) = world();
    let mut actor = actor!["fork", "exec-in-update", path];
    actor.expect("another");
    world.update(World::step).unwrap();
    assert_eq!((world.version().unwrap(), world.stats().unwrap().recoveries), (1, 1));
    actor.go();
    actor.succeed();
}

/// Whatever a child may inherit of a handle that is just being opened: it does not keep the dead parent's slots.
#[test]
fn children_that_are_forked_while_handles_are_opened_keep_nothing() {
    let (_dir, path, world) = world();
    let mut parent = actor!["fork", "orphans-while-opening", path];
    let mut children = Vec::new();
    loop {
        match parent.line().unwrap().as_str() {
            "in" => break,
            child => children.push(Orphan(child.parse().unwrap())),
        }
    }
    parent.kill();
    assert_eq!(children.len(), 100);
    world.update(World::step).unwrap();
    let handles: Vec<_> = (1..64).map(|_| State::<World>::open(&path).unwrap()).collect();
    drop(handles);
}

#[test]
fn a_child_does_not_keep_its_dead_parents_pins() {
    orphan("orphan");
}

/// Two dead parents' pins, in two copies, and a third in the active one: the writer gets on nevertheless.
#[test]
fn children_do_not_keep_their_dead_parents_pins_in_all_copies() {
    let (_dir, path, world) = world();
    let mut children = Vec::new();
    let mut parents = Vec::new();
    for _ in 0..3 {
        let parent = actor!["fork", "orphan", path];
        children.push(Orphan(parent.line().unwrap().parse().unwrap()));
        parent.expect("in");
        parents.push(parent);
        if parents.len() < 3 {
            world.update(World::step).unwrap();
        }
    }
    parents.iter_mut().for_each(|parent| parent.kill());
    for _ in 0..10 {
        world.update(World::step).unwrap();
    }
}

#[test]
fn threads_share_a_handle_or_have_one_each() {
    const fn send_and_sync<T: Send + Sync>() {}
    const { send_and_sync::<State<World>>() };

    let (_dir, _, world) = world();
    let look = |world: &State<World>| {
        world
            .read(|s| {
                let (steps, hash) = (s.steps, s.hash);
                std::thread::yield_now();
                assert_eq!((s.steps, s.hash, s.steps_again), (steps, hash, steps));
            })
            .unwrap();
        let seen = world.snapshot().unwrap();
        assert_eq!(seen.steps, seen.steps_again);
    };
    std::thread::scope(|scope| {
        for i in 0..4 {
            let own = world.try_clone().unwrap();
            let shared = &world;
            scope.spawn(move || {
                let world = if i % 2 == 0 { &own } else { shared };
                for _ in 0..500 {
                    world.update(World::step).unwrap();
                }
            });
            scope.spawn(move || (0..200).for_each(|_| look(shared)));
        }
    });
    assert_eq!(world.version().unwrap(), 2000);
    assert!(world.read(|s| *s == *World::at(2000)).unwrap());
}
