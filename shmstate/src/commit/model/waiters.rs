//! Handles that wait for versions, beside writers and their deaths.
//!
//! Where no nap ends by itself, a version that a waiter sleeps through is a deadlock.

use super::deaths::at_every_write;
use super::explore::explore;
use super::fixture::{Fixture, Naps, Verdict};
use loom::thread;
use std::sync::Arc;

/// Starts a thread of handle `me` that catches versions until `last`.
fn waiter(fixture: &Arc<Fixture>, me: usize, last: usize) -> thread::JoinHandle<()> {
    let fixture = Arc::clone(fixture);
    thread::spawn(move || fixture.catch_versions(me, last))
}

/// As many waiters, in handles of their own, beside a writer, which is handle 0 and this thread.
fn wait_for_a_writer(copies: usize, waiters: usize, updates: usize) {
    let fixture = Fixture::without_naps(copies, waiters + 1);
    let waiters: Vec<_> = (1..=waiters).map(|me| waiter(&fixture, me, updates)).collect();
    for version in 1..=updates {
        assert_eq!(fixture.update(0), version);
    }
    waiters.into_iter().for_each(|waiter| waiter.join().expect("joined"));
    fixture.finish(updates);
}

#[test]
fn one_waiter_one_writer() {
    explore("K=3, 1 waiter, 1 writer x2, woken only", Some(3), || wait_for_a_writer(3, 1, 2));
}

#[test]
fn two_waiters_one_writer() {
    explore("K=3, 2 waiters, 1 writer x1, woken only", Some(2), || wait_for_a_writer(3, 2, 1));
}

#[test]
fn one_waiter_two_writers() {
    explore("K=3, 1 waiter, 2 writers x1, woken only", Some(2), || {
        let fixture = Fixture::without_naps(3, 3);
        let waiter = waiter(&fixture, 1, 2);
        let other = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.update(2)
        });
        fixture.update(0);
        other.join().expect("joined");
        waiter.join().expect("joined");
        fixture.finish(2);
    });
}

/// A roll-back takes the flag away and makes no version.
#[test]
fn a_roll_back_rings() {
    explore("K=3, 1 waiter, 1 roll-back and 1 commit, woken only", Some(3), || {
        let fixture = Fixture::without_naps(3, 2);
        let waiter = waiter(&fixture, 1, 1);
        fixture.transact(0, &mut Naps(u32::MAX), Verdict::RollBack).expect("no writer is in the way");
        fixture.update(0);
        waiter.join().expect("joined");
        fixture.finish(1);
    });
}

/// A lock that is taken over keeps the flag, and the unlock rings for the version of the dead.
#[test]
fn a_taken_over_lock_rings() {
    at_every_write("K=3, a commit has died, 1 writer x1, 1 waiter, woken only", Some(2), |writes| {
        let fixture = Fixture::with_a_bell(3, 3);
        let died = fixture.killed(0, writes, || fixture.update(0)).is_err();
        let before = fixture.shared().published().version as usize;
        let waiter = waiter(&fixture, 1, before + 1);
        assert_eq!(fixture.update(2), before + 1);
        waiter.join().expect("joined");
        assert_eq!(fixture.claim(0), died);
        fixture.finish(before + 1);
        died
    });
}

/// A waiter dies, and the flag that it leaves goes with the next unlock.
#[test]
fn a_waiter_dies() {
    let died = Arc::new(std::sync::Mutex::new(0));
    let sum = Arc::clone(&died);
    explore("K=3, a waiter dies, 1 writer x2", Some(3), move || {
        let fixture = Fixture::new(3, 2, 2);
        let victim = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.killed(1, 1, || fixture.catch_versions(1, 2)).is_err()
        });
        fixture.update(0);
        *sum.lock().expect("no panic while counting") += u32::from(victim.join().expect("joined"));
        fixture.update(0);
        assert_eq!(fixture.flags(), 0, "a dead waiter's flag stays");
        fixture.claim(1);
        fixture.finish(2);
    });
    assert_ne!(*died.lock().expect("no panic while counting"), 0, "no waiter has died");
}
