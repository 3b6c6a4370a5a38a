//! Followers beside writers, in a log that writers overrun within a few updates.

use super::super::{Position, Reader};
use super::explore::explore;
use super::fixture::Verdict::{self, Commit, None, RollBack, Spill};
use super::fixture::{Fixture, Naps};
use super::images::{FIELDS, Image, check};
use loom::thread;
use std::sync::{Arc, Mutex};

/// A follower: its image, and where it is; `None` before it has one.
#[derive(Default)]
struct Follower {
    image: Image,
    at: Option<Position>,
    /// Advances by the log or what a copy lacks, and all others.
    advances: [u32; 2],
}

impl Follower {
    /// Catches up, as handle 1, if the active copy stays the active one for as long as it takes to look.
    fn advance(&mut self, fixture: &Fixture) {
        let pin = fixture.pin(1, Reader::Guest);
        let shared = fixture.shared();
        let Some(to) = shared.position_of(pin.copy()) else { return };
        let now = fixture.cells().get(pin.copy());
        let mut ranges = Vec::new();
        let is_known = self.at.is_some_and(|from| shared.entries_between(from, to, &mut ranges));
        if is_known {
            for range in ranges {
                for field in range.start as usize / 8..range.end as usize / 8 {
                    self.image[field] = now[field];
                }
            }
        } else {
            self.image = now;
        }
        self.at = Some(to);
        self.advances[usize::from(!is_known)] += 1;
        assert_eq!(check(self.image), to.version as usize, "a follower has another version's content");
    }

    /// Looks what it has to take over, without a pin: it is all that differs.
    fn gather(&self, fixture: &Fixture) {
        let (shared, from) = (fixture.shared(), self.at.expect("it has an image"));
        let look = |copy| {
            let (to, mut ranges) = (shared.position_of(copy)?, Vec::new());
            shared.entries_between(from, to, &mut ranges).then_some((to, ranges))
        };
        let Ok((Some((to, ranges)), true)) = shared.optimistic_read(look) else { return };
        for changed in (from.version..to.version).map(|version| version % FIELDS as u64 * 8) {
            assert!(ranges.iter().any(|range| range.contains(&changed)), "a follower has another version's content");
        }
    }
}

/// A follower that advances before a writer begins, and as many times beside it. Returns how many advances the log was enough for,
/// and how many took everything, in all executions.
fn follow(name: &str, preemptions: usize, copies: usize, advances: usize, verdicts: &'static [Verdict]) -> [u32; 2] {
    let sums = Arc::new(Mutex::new([0; 2]));
    let all = Arc::clone(&sums);
    explore(name, Some(preemptions), move || {
        let fixture = Fixture::with_a_longer_log(copies, 2);
        let mut follower = Follower::default();
        follower.advance(&fixture);
        let following = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || {
                (0..advances).for_each(|_| follower.advance(&fixture));
                follower.advances
            }
        });
        for &verdict in verdicts {
            let _ = fixture.transact(0, &mut Naps(u32::MAX), verdict).expect("no reader stays in the way");
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

/// What a copy lacks that is not written says what the log does not.
#[test]
fn updates_that_mark_pages() {
    follow("K=2, 1 follower x1, 1 writer that marks pages x2", 2, 2, 1, &[Spill, Spill]);
    follow("K=2, 1 follower x1, pages and roll-backs", 2, 2, 1, &[Spill, RollBack, Spill]);
}

#[test]
fn updates_that_mark_pages_in_three_copies() {
    follow("K=3, 1 follower x1, 1 writer that marks pages x3", 2, 3, 1, &[Spill, Spill, Spill]);
}

/// A writer moves entries to the page bits of a copy that a reader keeps, while a follower without a pin reads what that copy lacks.
#[test]
fn entries_go_to_the_bits_of_a_copy_that_is_kept() {
    explore("K=3, 1 follower x1, 1 reader that stays, 1 writer", Some(3), || {
        let fixture = Fixture::with_a_longer_log(3, 3);
        let mut follower = Follower::default();
        follower.advance(&fixture);
        let kept = fixture.pin(2, Reader::Guest);
        (0..4).for_each(|_| _ = fixture.update(0));
        let following = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || follower.gather(&fixture)
        });
        let _ = fixture.update(0);
        following.join().expect("joined");
        drop(kept);
    });
}
