//! Followers beside writers, in a log that writers overrun within a few updates.

use super::explore::explore;
use super::world::Verdict::{self, Commit, None, RollBack};
use super::world::{Follower, Naps, World};
use loom::thread;
use std::sync::{Arc, Mutex};

/// A follower that advances before a writer begins, and as many times beside it. Returns how many advances the log was enough for,
/// and how many took everything, in all executions.
fn follow(name: &str, preemptions: usize, copies: usize, advances: usize, verdicts: &'static [Verdict]) -> [u32; 2] {
    let sums = Arc::new(Mutex::new([0; 2]));
    let all = Arc::clone(&sums);
    explore(name, Some(preemptions), move || {
        let world = World::with_a_longer_log(copies, 2);
        let mut follower = Follower::default();
        world.advance(1, &mut follower);
        let following = thread::spawn({
            let world = Arc::clone(&world);
            move || {
                (0..advances).for_each(|_| world.advance(1, &mut follower));
                follower.advances
            }
        });
        for &verdict in verdicts {
            let _ = world.transact(0, &mut Naps(u32::MAX), verdict).expect("no reader stays in the way");
        }
        let advances = following.join().expect("joined");
        let mut sums = all.lock().expect("no panic while counting");
        *sums = [sums[0] + advances[0], sums[1] + advances[1]];
    });
    let sums = *sums.lock().expect("no panic while counting");
    println!("    by the log {}, by everything {}", sums[0], sums[1]);
    assert!(sums[0] > 0, "the log was never enough");
    sums
}

#[test]
fn two_copies() {
    follow("K=2, 1 follower x2, 1 writer x3", 2, 2, 2, &[Commit, Commit, Commit]);
}

#[test]
fn three_copies() {
    follow("K=3, 1 follower x2, 1 writer x4", 2, 3, 2, &[Commit, Commit, Commit, Commit]);
}

/// The entry that the follower reads is overwritten by the fifth commit.
#[test]
fn an_entry_is_overwritten() {
    follow("K=3, 1 follower x1, 1 writer x6", 2, 3, 1, &[Commit; 6]);
}

#[test]
fn roll_backs_and_walks_that_panic() {
    follow("K=3, 1 follower x2, commits and roll-backs", 2, 3, 2, &[Commit, RollBack, Commit, Commit]);
    follow("K=2, 1 follower x2, commits and roll-backs", 2, 2, 2, &[Commit, RollBack, RollBack, Commit]);
    follow("K=2, 1 follower x2, commits and a panic", 2, 2, 2, &[Commit, None, Commit, RollBack, Commit]);
}
