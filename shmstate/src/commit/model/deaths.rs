//! Deaths before every single write to shared memory, and the processes that come after.

use super::super::Reader::{self, Guest, Owner};
use super::explore::{explore, explored};
use super::fixture::{Fixture, Naps, Verdict};
use loom::thread;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Explores `f(n)` for n = 0, 1, … until no thread dies any more: `f` kills one before write number `n`, and says
/// whether that came to pass.
pub(super) fn at_every_write(
    name: &str,
    preemptions: Option<usize>,
    f: impl Fn(u32) -> bool + Send + Sync + Copy + 'static,
) {
    let start = Instant::now();
    let (mut executions, mut writes) = (0, 0);
    loop {
        let deaths = Arc::new(Mutex::new(0u64));
        let counted = Arc::clone(&deaths);
        executions += explored(preemptions, move || {
            let died = f(writes);
            *counted.lock().expect("no panic while counting") += u64::from(died);
        });
        if *deaths.lock().expect("no panic while counting") == 0 {
            break;
        }
        writes += 1;
    }
    assert!(writes > 3, "hardly a thread has died");
    println!("{name}: {executions} executions for {writes} writes, {:.1?}", start.elapsed());
}

/// Goes on after deaths, with an update for every field and one more, and looks whether everything is right.
pub(super) fn go_on(fixture: &Fixture, me: usize) {
    let mut version = 0;
    for _ in 0..4 {
        version = fixture.update(me);
        assert_eq!(fixture.read(me, Owner), version);
    }
    // The next claim of a dead one's slot tidies it.
    for slot in 0..3 {
        fixture.claim(slot);
    }
    fixture.finish(version);
}

/// A thread that does one transaction with slot 0 and dies before its write number `writes`.
pub(super) fn victim(fixture: &Arc<Fixture>, writes: u32, verdict: Verdict) -> thread::JoinHandle<bool> {
    let fixture = Arc::clone(fixture);
    thread::spawn(move || {
        let mut clock = Naps(u32::MAX);
        fixture.killed(0, writes, || fixture.transact(0, &mut clock, verdict).is_ok()).is_err()
    })
}

fn writer_dies_while_another_writes(copies: usize, verdict: Verdict) -> impl Fn(u32) -> bool + Send + Sync + Copy {
    move |writes| {
        let fixture = Fixture::new(copies, 3, 2);
        let victim = victim(&fixture, writes, verdict);
        let before = fixture.update(1);
        assert!(fixture.update(1) > before);
        let died = victim.join().expect("joined");
        go_on(&fixture, 1);
        died
    }
}

#[test]
fn a_writer_dies_while_another_writes() {
    at_every_write("K=2, a commit dies, 1 writer x2", Some(3), writer_dies_while_another_writes(2, Verdict::Commit));
    at_every_write("K=3, a commit dies, 1 writer x2", Some(3), writer_dies_while_another_writes(3, Verdict::Commit));
    at_every_write(
        "K=2, a roll-back dies, 1 writer x2",
        Some(3),
        writer_dies_while_another_writes(2, Verdict::RollBack),
    );
}

#[test]
fn a_writer_dies_while_one_writes_and_one_reads() {
    at_every_write("K=2, a commit dies, 1 writer, 1 reader x2", Some(2), |writes| {
        let fixture = Fixture::new(2, 3, 3);
        let victim = victim(&fixture, writes, Verdict::Commit);
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.reads(2, Guest, 2)
        });
        fixture.update(1);
        reader.join().expect("joined");
        let died = victim.join().expect("joined");
        go_on(&fixture, 1);
        died
    });
}

/// A copy that rests needs entries of the log that the dead one has overwritten; the next writer may need that copy, because a reader that
/// comes late is for a moment in the one that the dead one was writing.
#[test]
fn a_writer_dies_while_a_copy_rests() {
    at_every_write("K=3, one rests, a commit dies, 1 writer x3, 1 reader", Some(2), |writes| {
        let fixture = Fixture::where_copies_rest(3, 3, 3);
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.reads(2, Guest, 1)
        });
        // The log has no room for more.
        fixture.update(1);
        fixture.update(1);
        let died = fixture.killed(0, writes, || fixture.update(0)).is_err();
        fixture.update(1);
        reader.join().expect("joined");
        go_on(&fixture, 1);
        died
    });
}

/// The dead one's slot is claimed again, while another writer finds out that it is dead.
#[test]
fn a_slot_is_claimed_while_it_is_probed() {
    at_every_write("K=3, a commit died, 1 claims its slot and writes x2, 1 writer x1", Some(3), |writes| {
        let fixture = Fixture::new(3, 3, 2);
        let died = fixture.killed(0, writes, || fixture.update(0)).is_err();
        if !died {
            return false;
        }
        let heir = thread::spawn({
            let fixture = Arc::clone(&fixture);
            // A prober may hold the byte just now: then another slot will do.
            move || {
                let slot = if fixture.claim(0) { 0 } else { 2 };
                assert!(slot == 0 || fixture.claim(slot));
                fixture.update(slot);
                fixture.update(slot)
            }
        });
        fixture.update(1);
        heir.join().expect("joined");
        go_on(&fixture, 1);
        true
    });
}

#[test]
fn two_claim_the_slot_of_a_dead_writer() {
    at_every_write("K=2, a commit died, 2 claim its slot", Some(3), |writes| {
        let fixture = Fixture::new(2, 3, 1);
        if fixture.killed(0, writes, || fixture.update(0)).is_ok() {
            return false;
        }
        let claim = |second: usize| {
            let fixture = Arc::clone(&fixture);
            move || {
                let slot = if fixture.claim(0) { 0 } else { second };
                assert!(slot == 0 || fixture.claim(slot));
                fixture.update(slot)
            }
        };
        let other = thread::spawn(claim(1));
        claim(2)();
        other.join().expect("joined");
        go_on(&fixture, 2);
        true
    });
}

/// A reader that dies in the only other copy, while a writer needs that.
fn reader_dies(who: Reader, reads: usize, claimed_again: bool) -> impl Fn(u32) -> bool + Send + Sync + Copy {
    move |writes| {
        let fixture = Fixture::new(2, 3, 2);
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || {
                let died = fixture.killed(0, writes, || fixture.reads(0, who, reads)).is_err();
                if died && claimed_again && fixture.claim(0) {
                    fixture.read(0, who);
                }
                died
            }
        });
        fixture.update(1);
        fixture.update(1);
        let died = reader.join().expect("joined");
        go_on(&fixture, 1);
        died
    }
}

#[test]
fn a_reader_dies() {
    at_every_write("K=2, a reader x3 dies, 1 writer x2", Some(3), reader_dies(Guest, 3, false));
}

#[test]
fn an_owner_dies() {
    at_every_write("K=2, an owner x3 dies, 1 writer x2", Some(3), reader_dies(Owner, 3, false));
}

#[test]
fn a_reader_dies_and_its_slot_reads_on() {
    at_every_write("K=2, a reader x2 dies, its slot reads on, 1 writer x2", Some(3), reader_dies(Guest, 2, true));
}

#[test]
fn an_owner_dies_and_its_slot_reads_on() {
    at_every_write("K=2, an owner x2 dies, its slot reads on, 1 writer x2", Some(2), reader_dies(Owner, 2, true));
}

/// Deaths on deaths: the second one dies in whatever the first one's death makes it do, as a writer that takes over or as
/// one that claims the slot. One after the other, so that every pair of writes can be tried.
#[test]
fn the_second_dies_as_well() {
    for heir in [0, 1] {
        at_every_write("K=3, 2 die one after the other", Some(0), move |first| {
            let mut second = 0;
            loop {
                let fixture = Fixture::new(3, 3, 1);
                fixture.update(0);
                if fixture.killed(0, first, || fixture.update(0)).is_ok() {
                    return false;
                }
                let died = fixture.killed(heir, second, || {
                    assert!(fixture.claim(heir));
                    fixture.update(heir)
                });
                assert!(fixture.claim(2));
                go_on(&fixture, 2);
                if died.is_ok() {
                    return true;
                }
                second += 1;
            }
        });
    }
}

/// A claim that dies half-way leaves a slot that the next one can have.
#[test]
fn a_claim_dies() {
    explore("K=2, 1 claims and dies, 1 claims the same, 1 writer", Some(3), || {
        let fixture = Fixture::new(2, 3, 2);
        let claim = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || {
                let _ = fixture.killed(2, 2, || fixture.claim(2));
                if fixture.claim(2) {
                    fixture.reads(2, Owner, 1);
                }
            }
        });
        fixture.update(1);
        claim.join().expect("joined");
        go_on(&fixture, 1);
    });
}
