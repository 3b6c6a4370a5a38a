//! Copies that are taken into use when readers stay in all others.

use super::super::Reader::{Guest, Owner};
use super::deaths;
use super::explore::explore;
use super::fixture::{Fixture, Naps, Verdict};
use loom::thread;
use std::sync::{Arc, Mutex};

/// Writers that do not wait for readers.
fn impatient(fixture: &Fixture, me: usize, updates: usize) -> usize {
    (0..updates).filter(|_| fixture.transact(me, &mut Naps(0), Verdict::Commit).is_ok()).count()
}

/// One reader that looks twice, one writer that updates three times and never waits. Returns how often it took more
/// than the first two copies, and how often it gave up.
fn one_reader(make: impl Fn() -> Arc<Fixture> + Send + Sync + 'static) -> (usize, usize) {
    let seen = Arc::new(Mutex::new((0, 0)));
    let counted = Arc::clone(&seen);
    explore("a reader x2, an impatient writer x3", Some(4), move || {
        let fixture = make();
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.reads(1, Owner, 2)
        });
        let commits = impatient(&fixture, 0, 3);
        reader.join().expect("joined");
        let grown = fixture.shared().in_use() > 2;
        // Every copy, the spare one too, becomes the next one or serves as a source.
        let commits = commits + impatient(&fixture, 0, 4);
        fixture.finish(commits);
        let mut counted = counted.lock().expect("no panic while counting");
        counted.0 += usize::from(grown);
        counted.1 += 7 - commits;
    });
    let seen = *seen.lock().expect("no panic while counting");
    seen
}

#[test]
fn a_spare_copy_spares_the_wait() {
    let (grown, gave_up) = one_reader(|| Fixture::with_a_spare(2, 2));
    assert_ne!(grown, 0, "the spare copy was never needed");
    assert_eq!(gave_up, 0, "a writer gave up although there was a spare copy");
    let (grown, gave_up) = one_reader(|| Fixture::new(2, 2, 2));
    assert_eq!(grown, 0, "a copy came from nowhere");
    assert_ne!(gave_up, 0, "the reader was never in the way");
}

#[test]
fn two_writers_take_a_spare_copy() {
    explore("K=2+1, 1 reader x1, 2 impatient writers x1", Some(4), || {
        let fixture = Fixture::with_a_spare(2, 3);
        let run = |f: fn(&Fixture) -> usize| {
            let fixture = Arc::clone(&fixture);
            thread::spawn(move || f(&fixture))
        };
        let reader = run(|fixture| fixture.read(2, Guest));
        let other = run(|fixture| impatient(fixture, 1, 1));
        let commits = impatient(&fixture, 0, 1) + other.join().expect("joined");
        reader.join().expect("joined");
        fixture.finish(commits);
    });
}

#[test]
fn a_writer_dies_as_it_takes_a_spare_copy() {
    deaths::at_every_write("K=2+1, a reader stays, a commit dies", Some(3), |writes| {
        let fixture = Fixture::with_a_spare(2, 3);
        let stays = fixture.pin(1, Guest);
        fixture.update(2);
        // The reader is in the stale copy: the victim has none but the spare one.
        let died = deaths::victim(&fixture, writes, Verdict::Commit).join().expect("joined");
        drop(stays);
        deaths::go_on(&fixture, 2);
        died
    });
}
