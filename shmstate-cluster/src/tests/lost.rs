//! Machines on an engine that loses, repeats and delays.

use super::memory::server;
use super::{eventually, patience};
use crate::{ClusterState, Error};
use shmstate::dynamic::DynState;
use shmstate::{List, Map, SharedLayout, Text};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    total: u64,
    each: [u64; 8],
    /// In the order of their updates.
    order: List<u8, 60_000>,
    map: Map<u64, u64, 128>,
    #[shared(local)]
    reads: u64,
    name: Text<4088>,
}

impl Board {
    /// What holds between any two updates.
    fn is_whole(&self) -> bool {
        self.total == self.each.iter().sum::<u64>()
            && self.order.len() as u64 == self.total
            && self.map.values().sum::<u64>() == self.total
    }

    fn count(&mut self, me: usize) -> u64 {
        self.total += 1;
        self.each[me] += 1;
        // This is lost: the field is local.
        self.reads = 1_000_000;
        self.order.push(me as u8).unwrap();
        let key = self.total % 100;
        let n = self.map.get(&key).copied().unwrap_or(0);
        self.map.insert(key, n + 1).unwrap();
        if self.total % 50 == me as u64 {
            // Too large for an entry of the log.
            let text = char::from(b'a' + (self.total % 26) as u8).to_string().repeat(4000);
            self.name.set(&text).unwrap();
        }
        self.each[me]
    }
}

fn join(name: &str, dir: &Path) -> ClusterState<Board> {
    std::fs::create_dir_all(dir).unwrap();
    let until = Instant::now() + patience();
    loop {
        let options = ClusterState::<Board>::options().timeout(patience() / 6);
        match options.join(format!("memory://{name}"), dir.join("state")) {
            Ok(state) => return state,
            Err(e) => assert!(Instant::now() < until, "{e}"),
        }
    }
}

/// Ends the other threads of a test when one has failed.
struct Failing<'a>(&'a AtomicBool);

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Relaxed);
        }
    }
}

fn content(dir: &Path) -> String {
    let mut content: serde_json::Value =
        serde_json::from_str(&DynState::open(dir.join("state")).unwrap().to_json("").unwrap()).unwrap();
    content.as_object_mut().unwrap().remove("reads");
    content.to_string()
}

/// Machines with two processes each count over a bad network. For each process, the test knows how many updates were acknowledged, and
/// how many are in doubt.
#[test]
fn updates_happen_once_and_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let server = server("once");
    let dirs = [0, 1, 2].map(|n| dir.path().join(format!("machine-{n}")));
    // Two processes on each.
    let handles: Vec<ClusterState<Board>> = (0..6).map(|n| join("once", &dirs[n % 3])).collect();
    server.trouble(80);
    let has_failed = AtomicBool::new(false);
    let counts: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let counting: Vec<_> = handles
            .iter()
            .enumerate()
            .map(|(me, state)| {
                let has_failed = &has_failed;
                scope.spawn(move || {
                    let _failing = Failing(has_failed);
                    let (mut acknowledged, mut in_doubt) = (0, 0);
                    for n in (0..150).take_while(|_| !has_failed.load(Relaxed)) {
                        if n % 10 == 3 {
                            let refused = state.try_update(|s| {
                                s.count(me);
                                Err::<(), _>(s.is_whole())
                            });
                            match refused {
                                Ok(refused) => assert_eq!(refused, Err(true)),
                                Err(Error::Disconnected { .. } | Error::Conflict { .. }) => {}
                                Err(e) => panic!("{e}"),
                            }
                        }
                        state.update_local(|s| &mut s.reads, |reads| *reads += 1).unwrap();
                        match state.update(|s| s.count(me)) {
                            Ok(count) => {
                                acknowledged += 1;
                                assert!((acknowledged..=acknowledged + in_doubt).contains(&count));
                                // The machine can read its own updates.
                                assert!(state.read(|s| s.is_whole() && s.each[me] >= count).unwrap());
                            }
                            Err(Error::InDoubt { .. }) => in_doubt += 1,
                            Err(Error::Disconnected { .. } | Error::Conflict { .. }) => {}
                            Err(e) => panic!("{e}"),
                        }
                    }
                    (acknowledged, in_doubt)
                })
            })
            .collect();
        counting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    server.trouble(0);
    let total = handles[0].update(|s| s.total).unwrap();
    for state in &handles {
        eventually("the same", || state.read(|s| s.total).unwrap() == total);
    }
    let each = handles[0].read(|s| s.each).unwrap();
    for (me, (acknowledged, in_doubt)) in counts.iter().enumerate() {
        assert!((*acknowledged..=acknowledged + in_doubt).contains(&each[me]), "{me}: {each:?} of {counts:?}");
    }
    assert!(dirs.iter().all(|dir| content(dir) == content(&dirs[0])));
    assert!(handles.iter().all(|state| state.read(|s| s.reads).unwrap() == 300));
    // The log does not grow for ever.
    println!("{counts:?}, {} entries, kept: {:?}", server.newest(), server.kept());
}

/// Another process becomes the link all the time: the next link finds out what became of a batch that was under way.
#[test]
fn links_that_end_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = server("handed");
    let dirs = [0, 1].map(|n| dir.path().join(format!("machine-{n}")));
    let states: Vec<ClusterState<Board>> = (0..2).map(|n| join("handed", &dirs[n])).collect();
    server.trouble(50);
    let is_over = AtomicBool::new(false);
    let counts: Vec<u64> = std::thread::scope(|scope| {
        let counting: Vec<_> = (0..4)
            .map(|me| {
                let (state, is_over) = (&states[me % 2], &is_over);
                scope.spawn(move || {
                    let _failing = Failing(is_over);
                    let mut acknowledged = 0;
                    while !is_over.load(Relaxed) {
                        match state.update(|s| s.count(me)) {
                            Ok(_) => acknowledged += 1,
                            Err(Error::Disconnected { .. } | Error::Conflict { .. }) => {}
                            Err(e) => panic!("{e}"),
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        let _failing = Failing(&is_over);
        for round in 0..30 {
            // A process ends, whether or not it is the link of its machine.
            let state = join("handed", &dirs[round % 2]);
            let total = state.read(|s| s.total).unwrap();
            eventually("updates go on", || state.read(|s| s.total).unwrap() > total + 4);
            states[round % 2].resign();
            eventually("updates go on", || state.read(|s| s.total).unwrap() > total + 8);
        }
        is_over.store(true, Relaxed);
        counting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    server.trouble(0);
    let total = states[0].update(|s| s.total).unwrap();
    states.iter().for_each(|state| eventually("the same", || state.read(|s| s.total).unwrap() == total));
    // Each was acknowledged, and happened once.
    assert_eq!(states[0].read(|s| s.each[..4].to_vec()).unwrap(), counts);
    assert_eq!(content(&dirs[0]), content(&dirs[1]));
}

#[test]
fn a_machine_that_was_away_takes_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let server = server("away");
    let away_dir = dir.path().join("away");
    let away = join("away", &away_dir);
    away.update(|s| s.count(0)).unwrap();
    away.update_local(|s| &mut s.reads, |reads| *reads = 7).unwrap();
    drop(away);
    let here = join("away", &dir.path().join("here"));
    for _ in 0..5000 {
        here.update(|s| s.count(1)).unwrap();
    }
    let (entries, contents) = server.kept();
    assert!(entries < 4000 && contents < 120, "{entries} entries and {contents} contents are kept");
    let away = join("away", &away_dir);
    eventually("all", || away.read(|s| s.total).unwrap() == 5001);
    assert_eq!(content(&away_dir), content(&dir.path().join("here")));
    assert_eq!((away.read(|s| s.reads).unwrap(), away.update(|s| s.count(0)).unwrap()), (7, 2));
    let late_dir = dir.path().join("late");
    let late = join("away", &late_dir);
    eventually("all", || late.read(|s| s.total).unwrap() == 5002);
    eventually("the same", || content(&late_dir) == content(&away_dir));
}
