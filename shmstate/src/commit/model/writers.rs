//! Writers against each other.

use super::explore::explore;
use super::fixture::{Fixture, Naps, Verdict};
use loom::thread;
use std::sync::{Arc, Mutex};

/// Writers of handles of their own, so many updates each; the first one in the main thread.
fn contend(fixture: Arc<Fixture>, updates: &[usize]) {
    let run = |me: usize, n: usize| {
        let fixture = Arc::clone(&fixture);
        move || (0..n).fold(0, |_, _| fixture.update(me))
    };
    let others: Vec<_> = updates.iter().enumerate().skip(1).map(|(me, &n)| thread::spawn(run(me, n))).collect();
    run(0, updates[0])();
    for other in others {
        other.join().expect("joined");
    }
    fixture.finish(updates.iter().sum());
}

#[test]
fn two_writers() {
    explore("K=2, 2 writers x2", None, || contend(Fixture::new(2, 2, 2), &[2, 2]));
}

#[test]
fn two_writers_sleep_until_woken() {
    explore("K=2, 2 writers x2, woken only", Some(7), || contend(Fixture::without_naps(2, 2), &[2, 2]));
}

#[test]
fn three_writers_sleep_until_woken() {
    explore("K=2, 3 writers x1, woken only", Some(4), || contend(Fixture::without_naps(2, 3), &[1, 1, 1]));
}

#[test]
fn two_threads_of_one_handle() {
    explore("K=2, 2 writing threads of 1 handle", None, || {
        let fixture = Fixture::new(2, 1, 1);
        let other = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.update(0)
        });
        fixture.update(0);
        other.join().expect("joined");
        fixture.finish(2);
    });
}

#[test]
fn impatient_writers() {
    let gave_up = Arc::new(Mutex::new(0));
    let sum = Arc::clone(&gave_up);
    explore("K=2, 2 writers x2 that give up", None, move || {
        let fixture = Fixture::new(2, 2, 2);
        let run = |me: usize| {
            let fixture = Arc::clone(&fixture);
            move || (0..2).filter(|_| fixture.transact(me, &mut Naps(0), Verdict::Commit).is_ok()).count()
        };
        let other = thread::spawn(run(1));
        let commits = run(0)() + other.join().expect("joined");
        fixture.finish(commits);
        *sum.lock().expect("no panic while counting") += 4 - commits;
    });
    assert_ne!(*gave_up.lock().expect("no panic while counting"), 0, "no writer has ever given up");
}
