//! Entries that are whole, but make no sense for the state, because another program or a fault has written them.

use super::memory::{Server, server};
use super::{eventually, patience};
use crate::entry::{Entry, Pieces, What};
use crate::{ClusterState, Error};
use shmstate::{Maybe, SharedLayout};
use std::path::Path;
use std::time::Instant;

#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
struct Board {
    counts: [u64; 3],
    flag: Maybe<u64>,
}

fn join(name: &str, dir: &Path, pass_over: u64) -> Result<ClusterState<Board>, Error> {
    std::fs::create_dir_all(dir).unwrap();
    let options = ClusterState::<Board>::options().timeout(patience() / 6).pass_over(pass_over);
    options.join(format!("memory://{name}"), dir.join("state"))
}

/// A change of those bytes, at offset `at` of a state of that size.
fn change(at: usize, bytes: &[u8], size: usize) -> What {
    let mut state = vec![0; size];
    state[at..at + bytes.len()].copy_from_slice(bytes);
    What::Change { pieces: Pieces::of(&[at..at + bytes.len()], &state), snapshot: None }
}

/// Entries that no program of this library writes for this state.
fn senseless(server: &Server, kind: usize) -> u64 {
    server.forge(|entry| match kind {
        0 => Entry { what: change(size_of::<Board>() - 4, &[1; 8], 1000), ..entry },
        // No option has such a tag. It also changes a count, which must not be seen.
        1 => Entry { what: change(0, &[0xff; size_of::<Board>()], 1000), ..entry },
        2 => Entry { what: What::Large { content: "entry-00000000000000000000-0000000000000000".into() }, ..entry },
        3 => Entry { cluster: 5, what: change(0, &[1; 8], 1000), ..entry },
        _ => Entry { what: What::Whole { content: "snapshot-00000000000000000000-0000000000000000".into() }, ..entry },
    })
}

#[test]
fn an_entry_without_sense_is_refused_and_can_be_passed_over() {
    for kind in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("senseless-{kind}");
        let dirs = ["near", "far"].map(|name| dir.path().join(name));
        let [near, far] = [0, 1].map(|n| join(&name, &dirs[n], 0).unwrap());
        let server = server(&name);
        for content in ["entry-00000000000000000000-0000000000000000", "snapshot-00000000000000000000-0000000000000000"]
        {
            server.put(content, b"no content of this library");
        }
        near.update(|s| s.counts[0] = 7).unwrap();
        far.update(|s| s.counts[1] = 8).unwrap();
        let before = far.update(|s| *s).unwrap();
        eventually("the same", || near.read(|s| *s).unwrap() == before);
        let mut cluster = 0;
        let _ = server.forge(|entry| {
            cluster = entry.cluster;
            Entry { what: change(0, &[], 0), ..entry }
        });
        let entry = senseless(&server, kind);
        for state in [&near, &far] {
            let refusal = |e: &Error| matches!(e, Error::Refused { entry: refused, why, .. } if *refused == entry && !why.is_empty());
            eventually("it is refused", || match state.update(|s| s.counts[2] += 1) {
                Err(e) if refusal(&e) => {
                    assert!(e.to_string().contains(&format!("pass_over({entry})")), "{e}");
                    true
                }
                // An update is never in doubt: that entry has taken the place in the log that the update was to have.
                Err(Error::Disconnected { .. }) => false,
                other => panic!("kind {kind}: {other:?}"),
            });
            // Nothing of it has happened, and reads go on.
            assert_eq!(state.read(|s| *s).unwrap(), before);
            assert!(!state.status().unwrap().connected);
        }
        // Attempts do not make the log grow.
        let newest = server.newest();
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(server.newest() <= newest + 2, "{newest}, {}", server.newest());
        // A new machine has the state before that entry, or nothing, whatever entries follow.
        for _ in 0..5 {
            let _ = server.forge(|entry| Entry { what: change(0, &[], 0), cluster, ..entry });
        }
        match join(&name, &dir.path().join("late"), 0) {
            Ok(late) => assert_eq!(late.read(|s| *s).unwrap(), before),
            Err(e) => {
                assert!(matches!(&e, Error::Refused { entry: refused, .. } if *refused == entry), "kind {kind}: {e}")
            }
        }

        // One machine goes on without the entry, and then all of them do.
        let other = join(&name, &dirs[1], entry).unwrap();
        other.update(|s| s.counts[2] += 1).unwrap();
        let after = far.update(|s| *s).unwrap();
        assert_eq!(after, Board { counts: [7, 8, 1], flag: before.flag });
        eventually("all go on", || near.read(|s| *s).unwrap() == after);
        eventually("all go on", || near.update(|s| s.counts[2] += 1).is_ok());
        let late = join(&name, &dir.path().join("late"), 0).unwrap();
        eventually("all go on", || late.update(|s| s.counts).is_ok_and(|counts| counts == [7, 8, 2]));
    }
}

/// A machine that has no region yet can be the one that passes over the entry, even if a content is missing.
#[test]
fn a_new_machine_can_pass_over_an_entry() {
    for kind in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("senseless-new-{kind}");
        let near = join(&name, &dir.path().join("near"), 0).unwrap();
        let server = server(&name);
        near.update(|s| s.counts[0] = 7).unwrap();
        let entry = senseless(&server, kind);
        let late = join(&name, &dir.path().join("late"), entry).unwrap();
        assert_eq!(late.update(|s| s.counts).unwrap(), [7, 0, 0]);
        eventually("all go on", || near.update(|s| s.counts[2] = 1).is_ok());
        assert_eq!(late.update(|s| s.counts).unwrap(), [7, 0, 1]);
    }
}

/// An update that was under way when the connection was lost has not happened if another entry has its place, even if no machine can take
/// that entry. The entries before it are taken.
#[test]
fn an_update_whose_place_is_taken_is_not_in_doubt() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..25 {
        let name = format!("place-{round}");
        let [near, far] = ["near", "far"].map(|machine| join(&name, &dir.path().join(&name).join(machine), 0).unwrap());
        let server = server(&name);
        let (first, done, error) = std::thread::scope(|s| {
            let updates = s.spawn(|| {
                let (mut done, until) = (0, Instant::now() + patience());
                loop {
                    match near.update(|s| s.counts[0] += 1) {
                        Ok(()) => done += 1,
                        Err(e) => return (done, e),
                    }
                    assert!(Instant::now() < until, "no update is refused");
                }
            });
            eventually("it has begun", || far.read(|s| s.counts[0] > 3).unwrap());
            server.trouble(1000);
            eventually("it is lost", || !near.status().unwrap().connected);
            let first = senseless(&server, round % 5);
            let _ = senseless(&server, round / 5);
            server.trouble(0);
            let (done, error) = updates.join().unwrap();
            (first, done, error)
        });
        assert!(matches!(error, Error::Disconnected { .. } | Error::Refused { .. }), "round {round}: {error}");
        let refused = |e: &Error| matches!(e, Error::Refused { entry, .. } if *entry == first);
        eventually("the first of both is named", || near.update(|_| ()).is_err_and(|e| refused(&e)));
        // The update that was not acknowledged may or may not be in the log.
        let is_there = |state: &ClusterState<Board>| state.read(|s| s.counts[0]).unwrap();
        eventually("what comes before it", || is_there(&near) == is_there(&far) && is_there(&near) >= done);
        assert!(is_there(&near) == done, "{} instead of {done}", is_there(&near));
    }
}
