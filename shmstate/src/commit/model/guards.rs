//! Reads and updates that last from call to call, as the guards of the dynamic view keep them.

use super::super::Reader::{Guest, Owner};
use super::super::Suspended;
use super::deaths::{at_every_write, go_on};
use super::explore::explore;
use super::fixture::Fixture;
use super::images::{FIELDS, SIZE};
use crate::track::DirtyRanges;
use loom::thread;
use std::sync::Arc;

/// What an update that touches these fields notes.
fn touched(fields: &[usize]) -> DirtyRanges {
    let mut touched = DirtyRanges::new(SIZE);
    fields.iter().for_each(|field| touched.add((field * size_of::<u64>()) as u64, size_of::<u64>()));
    touched
}

/// Goes on with an update of the handle `me`, on whatever thread, and commits it.
fn commit(fixture: &Fixture, me: usize, suspended: Suspended) -> usize {
    let (copy, active) = suspended.copies();
    assert_ne!(copy, active, "an update writes what readers see");
    let commits = fixture.content(copy);
    assert_eq!(suspended.version() as usize, commits + 1, "a commit got lost");
    let field = commits % FIELDS;
    fixture.put(copy, field, (commits / FIELDS) as u64 + 1);
    fixture.unlocking(me, |shared| shared.commit(shared.resume(suspended), &touched(&[field]))) as usize
}

/// Abandons an update of the handle `me`, which has scribbled over two fields, and scribbles on.
fn abandon(fixture: &Fixture, me: usize, scribbles: u64) {
    let (copy, _) = fixture.suspended(me).copies();
    let scribble = |value| [0, 2].into_iter().for_each(|field| fixture.put(copy, field, value));
    scribble(u64::MAX);
    fixture.unlocking(me, |shared| {
        shared.pin_written(me, fixture.slot(me), copy);
        shared.roll_back(copy, &touched(&[0, 2]));
    });
    (0..scribbles).for_each(scribble);
    fixture.slot(me).leave(copy);
}

/// The handle 1 keeps its pin, and another thread leaves.
fn kept_against_a_writer(copies: usize, updates: usize) {
    let fixture = Fixture::new(copies, 2, 2);
    let reader = thread::spawn({
        let fixture = Arc::clone(&fixture);
        move || {
            let copy = fixture.pin(1, Guest).keep();
            let first = fixture.content(copy);
            let leaves = thread::spawn({
                let fixture = Arc::clone(&fixture);
                move || {
                    assert_eq!(fixture.content(copy), first, "what a guard holds has changed");
                    fixture.slot(1).leave(copy);
                }
            });
            leaves.join().expect("joined");
        }
    });
    for version in 1..=updates {
        assert_eq!(fixture.update(0), version);
    }
    reader.join().expect("joined");
    fixture.finish(updates);
}

#[test]
fn two_copies_a_kept_pin() {
    explore("K=2, a kept pin that another thread leaves, 1 writer x2", Some(3), || kept_against_a_writer(2, 2));
}

#[test]
fn three_copies_a_kept_pin() {
    explore("K=3, a kept pin that another thread leaves, 1 writer x3", Some(2), || kept_against_a_writer(3, 3));
}

/// Two kept pins and one that comes and goes, of one handle.
#[test]
fn kept_pins_of_one_handle() {
    explore("K=3, 2 kept pins of 1 handle, its owner, 1 writer x3", Some(2), || {
        let fixture = Fixture::new(3, 2, 2);
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || {
                let first = fixture.pin(1, Guest).keep();
                let seen = fixture.content(first);
                let second = fixture.pin(1, Guest).keep();
                let (before, now) = (seen, fixture.content(second));
                assert!(before <= now, "a guard went back");
                fixture.slot(1).leave(second);
                assert!(fixture.read(1, Owner) >= now, "a reader went back");
                assert_eq!(fixture.content(first), seen, "what a guard holds has changed");
                fixture.slot(1).leave(first);
            }
        });
        (0..3).for_each(|_| _ = fixture.update(0));
        reader.join().expect("joined");
        fixture.finish(3);
    });
}

/// The update of the handle 0 begins on one thread and commits on another one, beside a writer and a reader.
#[test]
fn an_update_goes_from_thread_to_thread() {
    explore("K=3, an update that another thread commits, 1 writer x2, 1 reader x2", Some(2), || {
        let fixture = Fixture::new(3, 3, 3);
        let suspended = fixture.suspended(0);
        let commits = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || commit(&fixture, 0, suspended)
        });
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.reads(2, Guest, 2)
        });
        (0..2).for_each(|_| _ = fixture.update(1));
        assert_eq!(commits.join().expect("joined"), 1);
        reader.join().expect("joined");
        fixture.finish(3);
    });
}

#[test]
fn two_writers_from_call_to_call() {
    explore("K=2, 2 writers x2 by suspended updates", Some(3), || {
        let fixture = Fixture::new(2, 2, 2);
        let writes =
            |fixture: Arc<Fixture>, me| move || (0..2).for_each(|_| _ = commit(&fixture, me, fixture.suspended(me)));
        let other = thread::spawn(writes(Arc::clone(&fixture), 1));
        writes(Arc::clone(&fixture), 0)();
        other.join().expect("joined");
        fixture.finish(4);
    });
}

/// The handle 0 writes what it has abandoned, while others write the copies that are left.
fn abandoned_against(copies: usize, updates: usize) {
    let fixture = Fixture::new(copies, 2, 2);
    let abandons = thread::spawn({
        let fixture = Arc::clone(&fixture);
        move || abandon(&fixture, 0, 2)
    });
    (0..updates).for_each(|_| _ = fixture.update(1));
    abandons.join().expect("joined");
    // Each copy has taken back what was scribbled.
    (0..copies).for_each(|_| _ = fixture.update(1));
    fixture.finish(updates + copies);
}

#[test]
fn two_copies_an_abandoned_update() {
    explore("K=2, an abandoned update that is written on, 1 writer x2", Some(3), || abandoned_against(2, 2));
}

#[test]
fn three_copies_an_abandoned_update() {
    explore("K=3, an abandoned update that is written on, 1 writer x3", Some(3), || abandoned_against(3, 3));
}

/// A process dies with guards that are open.
#[test]
fn guards_die() {
    at_every_write("K=3, a kept pin and a suspended update die, 1 writer x2", Some(2), |writes| {
        let fixture = Fixture::new(3, 3, 2);
        let dies = thread::spawn({
            let fixture = Arc::clone(&fixture);
            let guards = |fixture: &Fixture| {
                let copy = fixture.pin(0, Guest).keep();
                let _ = commit(fixture, 0, fixture.suspended(0));
                fixture.slot(0).leave(copy);
            };
            move || fixture.killed(0, writes, || guards(&fixture)).is_err()
        });
        (0..2).for_each(|_| _ = fixture.update(1));
        let died = dies.join().expect("joined");
        go_on(&fixture, 1);
        died
    });
    at_every_write("K=3, an abandoned update dies, 1 writer x3", Some(2), |writes| {
        let fixture = Fixture::new(3, 3, 2);
        let dies = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.killed(0, writes, || abandon(&fixture, 0, 1)).is_err()
        });
        (0..3).for_each(|_| _ = fixture.update(1));
        let died = dies.join().expect("joined");
        go_on(&fixture, 1);
        died
    });
}
