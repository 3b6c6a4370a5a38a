//! Readers against writers.

use super::super::Reader::{self, Guest, Owner};
use super::explore::explore;
use super::fixture::{Fixture, Naps, Verdict};
use loom::thread;
use std::sync::{Arc, Mutex};

/// Starts a thread of handle `me` that looks `n` times.
fn reader(fixture: &Arc<Fixture>, me: usize, who: Reader, n: usize) -> thread::JoinHandle<()> {
    let fixture = Arc::clone(fixture);
    thread::spawn(move || fixture.reads(me, who, n))
}

/// Readers `(handle, who, looks)` against a writer of handle 0, in the main thread.
fn against_one_writer(copies: usize, slots: usize, readers: &[(usize, Reader, usize)], updates: usize) {
    run(Fixture::new(copies, slots, slots), readers, updates);
}

fn run(fixture: Arc<Fixture>, readers: &[(usize, Reader, usize)], updates: usize) {
    let readers: Vec<_> = readers.iter().map(|&(me, who, n)| reader(&fixture, me, who, n)).collect();
    for version in 1..=updates {
        assert_eq!(fixture.update(0), version);
    }
    for reader in readers {
        reader.join().expect("joined");
    }
    fixture.finish(updates);
}

#[test]
fn two_copies_one_reader() {
    explore("K=2, 1 reader x2, 1 writer x3", Some(4), || against_one_writer(2, 2, &[(1, Guest, 2)], 3));
}

#[test]
fn two_copies_one_reader_without_bound() {
    explore("K=2, 1 reader x1, 1 writer x2, unbounded", None, || against_one_writer(2, 2, &[(1, Guest, 1)], 2));
}

#[test]
fn three_copies_one_reader() {
    explore("K=3, 1 reader x2, 1 writer x4", Some(3), || against_one_writer(3, 2, &[(1, Guest, 2)], 4));
}

#[test]
fn a_copy_rests_until_a_reader_comes() {
    explore("K=3, one rests, 1 reader x2, 1 writer x5", Some(3), || {
        run(Fixture::where_copies_rest(3, 2, 2), &[(1, Guest, 2)], 5);
    });
}

#[test]
fn two_copies_the_owner() {
    explore("K=2, the owner x2, 1 writer x3", Some(4), || against_one_writer(2, 2, &[(1, Owner, 2)], 3));
}

#[test]
fn two_copies_the_owner_without_bound() {
    explore("K=2, the owner x1, 1 writer x2, unbounded", None, || against_one_writer(2, 2, &[(1, Owner, 1)], 2));
}

#[test]
fn three_copies_the_owner() {
    explore("K=3, the owner x2, 1 writer x4", Some(3), || against_one_writer(3, 2, &[(1, Owner, 2)], 4));
}

#[test]
fn three_copies_two_owners() {
    let readers = &[(1, Owner, 1), (2, Owner, 1)];
    explore("K=3, 2 owners of 2 handles, 1 writer x3", Some(2), || against_one_writer(3, 3, readers, 3));
}

#[test]
fn two_copies_the_owner_and_a_guest() {
    let readers = &[(1, Owner, 2), (1, Guest, 2)];
    explore("K=2, owner and guest of 1 handle x2, 1 writer x2", Some(2), || against_one_writer(2, 2, readers, 2));
}

#[test]
fn two_copies_two_handles() {
    explore("K=2, 2 readers in 2 handles, 1 writer x2", Some(2), || {
        against_one_writer(2, 3, &[(1, Guest, 1), (2, Guest, 1)], 2)
    });
}

#[test]
fn three_copies_two_handles() {
    explore("K=3, 2 readers in 2 handles, 1 writer x3", Some(2), || {
        against_one_writer(3, 3, &[(1, Guest, 1), (2, Guest, 1)], 3)
    });
}

/// A guest in a handle of its own, and the owner of another one.
fn two_readers_twice(copies: usize) {
    against_one_writer(copies, 3, &[(1, Guest, 2), (2, Owner, 2)], copies);
}

#[test]
fn two_copies_two_handles_twice() {
    explore("K=2, 2 readers x2 in 2 handles, 1 writer x2", Some(2), || two_readers_twice(2));
}

#[test]
fn three_copies_two_handles_twice() {
    explore("K=3, 2 readers x2 in 2 handles, 1 writer x3", Some(2), || two_readers_twice(3));
}

/// One lists the handle's slot while the other one is about to ask.
#[test]
fn two_threads_come() {
    explore("K=2, 2 threads of 1 handle, 1 writer x2, 2 preemptions", Some(2), || {
        against_one_writer(2, 2, &[(1, Guest, 1), (1, Guest, 1)], 2)
    });
}

#[test]
fn two_copies_one_handle_two_threads() {
    explore("K=2, 2 threads of 1 handle, 1 writer x2", Some(3), || {
        against_one_writer(2, 2, &[(1, Guest, 1), (1, Guest, 1)], 2)
    });
}

#[test]
fn two_copies_one_handle_two_threads_twice() {
    explore("K=2, 2 threads of 1 handle x2, 1 writer x2", Some(2), || {
        against_one_writer(2, 2, &[(1, Guest, 2), (1, Guest, 2)], 2)
    });
}

#[test]
fn the_writers_own_handle_reads() {
    explore("K=3, the owner of the writer's handle x2, 1 writer x3", Some(3), || {
        against_one_writer(3, 1, &[(0, Owner, 2)], 3);
    });
}

#[test]
fn two_writers_one_reader() {
    explore("K=3, 1 reader x1, 2 writers x1", Some(3), || {
        let fixture = Fixture::new(3, 3, 3);
        let reader = reader(&fixture, 1, Guest, 1);
        let other = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.update(2)
        });
        fixture.update(0);
        reader.join().expect("joined");
        other.join().expect("joined");
        fixture.finish(2);
    });
}

/// A slot that is claimed for the first time while the writer scans: it is seen, or it sees.
#[test]
fn a_slot_is_claimed_late() {
    explore("K=2, 1 slot claimed late, x2, 1 writer x2", Some(4), || {
        let fixture = Fixture::new(2, 2, 1);
        let late = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || {
                assert!(fixture.claim(1));
                fixture.reads(1, Guest, 2);
            }
        });
        fixture.update(0);
        fixture.update(0);
        late.join().expect("joined");
        fixture.finish(2);
    });
}

#[test]
fn roll_backs_and_pages() {
    explore("K=3, 1 reader x2, 5 commits, 2 roll-backs, 1 walk that panics", Some(2), || {
        let fixture = Fixture::new(3, 2, 2);
        let reader = reader(&fixture, 1, Owner, 2);
        let mut commits = 0;
        use Verdict::{Commit, None, RollBack};
        for verdict in [Commit, RollBack, Commit, Commit, None, Commit, RollBack, Commit] {
            commits += usize::from(verdict == Commit);
            assert_eq!(fixture.transact(0, &mut Naps(u32::MAX), verdict), Ok(commits));
        }
        reader.join().expect("joined");
        fixture.finish(commits);
    });
}

/// A writer has died in a copy, which lacks all pages: the next ones repair it in parts and write the others.
#[test]
fn a_copy_is_repaired_beside_a_reader() {
    explore("K=3, a copy lacks all, 1 reader x2, 1 writer x3", Some(2), || {
        let fixture = Fixture::new(3, 3, 3);
        assert!(fixture.killed(0, 3, || fixture.update(0)).is_err());
        let reader = reader(&fixture, 2, Guest, 2);
        for version in 1..=3 {
            assert_eq!(fixture.update(1), version);
        }
        reader.join().expect("joined");
        fixture.claim(0);
        fixture.finish(3);
    });
}

#[test]
fn an_impatient_writer() {
    let gave_up = Arc::new(Mutex::new(0));
    let sum = Arc::clone(&gave_up);
    explore("K=2, 1 reader x2, 1 writer x3 that gives up", Some(3), move || {
        let fixture = Fixture::new(2, 2, 2);
        let reader = reader(&fixture, 1, Owner, 2);
        let commits = (0..3).filter(|_| fixture.transact(0, &mut Naps(0), Verdict::Commit).is_ok()).count();
        reader.join().expect("joined");
        fixture.finish(commits);
        *sum.lock().expect("no panic while counting") += 3 - commits;
    });
    assert_ne!(*gave_up.lock().expect("no panic while counting"), 0, "it has never given up");
}
