//! Links that are lost: what goes on, what fails, and that all machines have the same state when they are back.

mod common;

use common::proxy::Proxy;
use common::{Nats, Over, check_counts, eventually, has, join, signal, update_until};
use rustix::process::Signal;
use shmstate::{List, SharedLayout};
use shmstate_cluster::{ClusterState, Error};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

#[derive(SharedLayout)]
#[repr(C)]
struct Counts {
    total: u64,
    each: [u64; 4],
    #[shared(local)]
    reads: u64,
    order: List<u8, 100_000>,
}

fn count(s: &mut Counts, me: usize) -> u64 {
    s.total += 1;
    s.each[me] += 1;
    s.order.push(me as u8).unwrap();
    s.each[me]
}

fn impatient(url: &str, dir: &Path) -> ClusterState<Counts> {
    std::fs::create_dir_all(dir).unwrap();
    ClusterState::<Counts>::options().timeout(Duration::from_secs(5)).join(url, dir.join("state")).unwrap()
}

#[test]
fn reads_go_on_without_a_link_and_updates_fail_whole() {
    if !has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start(dir.path());
    let proxy = Proxy::of(server.port);
    let far = impatient(&proxy.url(), &dir.path().join("far"));
    let near: ClusterState<Counts> = join(&server.url(), &dir.path().join("near"));
    for n in 0..20 {
        far.update(|s| count(s, 0)).unwrap();
        near.update(|s| count(s, 1)).unwrap();
        assert!(near.read(|s| s.total).unwrap() >= 2 * n + 2);
    }
    for is_silent in [false, true] {
        eventually("a link", || far.status().unwrap().connected);
        assert!(far.staleness().unwrap().unwrap() < common::PATIENCE);
        let version = far.read(|s| s.total).unwrap();
        if is_silent {
            proxy.silence()
        } else {
            proxy.cut()
        }
        let lost = Instant::now();
        // The first one may be under way when the link is lost, and the next one before that is noticed.
        let mut in_doubt = 0;
        for _ in 0..3 {
            match far.update(|s| count(s, 0)).unwrap_err() {
                Error::InDoubt { .. } => in_doubt += 1,
                Error::Disconnected { since, why, .. } => assert!(since.is_some() && !why.is_empty()),
                e => panic!("{e}"),
            }
        }
        assert!(in_doubt < 3, "{in_doubt}");
        assert!(!far.status().unwrap().connected);
        assert!(far.read(|s| s.total).unwrap() >= version);
        eventually("staleness", || far.staleness().unwrap().unwrap() <= lost.elapsed() + Duration::from_secs(5));
        far.update_local(|s| &mut s.reads, |reads| *reads += 1).unwrap();
        near.update(|s| count(s, 1)).unwrap();
        proxy.heal();
        eventually("the same", || far.read(|s| s.total).unwrap() == near.read(|s| s.total).unwrap());
        eventually("a link", || far.status().unwrap().connected);
        let each = far.update(|s| (count(s, 0), s.each)).unwrap().1;
        assert!((20..=30).contains(&each[0]), "{each:?}");
        eventually("the same", || near.read(|s| s.each).unwrap() == each);
        let consistent = |s: &Counts| s.total == s.each.iter().sum::<u64>() && s.order.len() as u64 == s.total;
        assert!(near.read(consistent).unwrap() && far.read(consistent).unwrap());
    }
    assert_eq!((far.read(|s| s.reads).unwrap(), near.read(|s| s.reads).unwrap()), (2, 0));
}

/// Servers are killed and links are lost while all count: what was acknowledged is there, once.
#[test]
fn what_was_acknowledged_is_there_whatever_is_lost() {
    if !has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut server = Nats::start(dir.path());
    let proxies = [0, 1, 2].map(|_| Proxy::of(server.port));
    let machines = [0, 1, 2].map(|n| join::<Counts>(&proxies[n].url(), &dir.path().join(format!("machine-{n}"))));
    let is_over = AtomicBool::new(false);
    let counts: Vec<(u64, u64)> = std::thread::scope(|scope| {
        let counting: Vec<_> = machines
            .iter()
            .enumerate()
            .map(|(me, state)| {
                let is_over = &is_over;
                scope.spawn(move || update_until(is_over, || state.update(|s| count(s, me))))
            })
            .collect();
        let over = Over(&is_over);
        let moves = |n: usize| machines[n].read(|s| s.total).unwrap();
        for round in 0..8 {
            // Some more, wherever there is a link.
            let before: Vec<u64> = (0..3).map(moves).collect();
            eventually("updates", || (0..3).all(|n| moves(n) > before[n] + 5));
            match round % 4 {
                0 => {
                    server.kill();
                    std::thread::sleep(Duration::from_millis(50));
                    server.run();
                }
                1 => {
                    proxies[round % 3].cut();
                    std::thread::sleep(Duration::from_millis(300));
                    proxies[round % 3].heal();
                }
                2 => proxies.iter().for_each(|proxy| proxy.delay(Duration::from_millis(round as u64))),
                _ => {
                    proxies[round % 3].silence();
                    std::thread::sleep(Duration::from_millis(3000));
                    proxies[round % 3].heal();
                }
            }
        }
        proxies.iter().for_each(|proxy| proxy.delay(Duration::ZERO));
        drop(over);
        counting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let newest = machines[0].update(|s| s.total).unwrap();
    eventually("the same", || machines.iter().all(|state| state.read(|s| s.total).unwrap() == newest));
    for state in &machines {
        let each = state.read(|s| s.each).unwrap();
        check_counts(&counts, &each);
        assert!(state.read(|s| s.order.iter().filter(|me| **me == 1).count() as u64 == s.each[1]).unwrap());
        assert!(state.read(|s| s.order == machines[0].snapshot().unwrap().order).unwrap());
    }
    println!("acknowledged and in doubt: {counts:?}");
}

#[test]
fn a_machine_that_was_away_for_long_takes_a_snapshot() {
    if !has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start(dir.path());
    let proxy = Proxy::of(server.port);
    let away: ClusterState<Counts> = join(&proxy.url(), &dir.path().join("away"));
    let here: ClusterState<Counts> = join(&server.url(), &dir.path().join("here"));
    away.update(|s| count(s, 0)).unwrap();
    proxy.cut();
    // More entries than are kept.
    (0..4000).for_each(|_| _ = here.update(|s| count(s, 1)).unwrap());
    let late: ClusterState<Counts> = join(&server.url(), &dir.path().join("late"));
    eventually("all", || late.read(|s| s.total).unwrap() == 4001);
    assert_eq!(away.read(|s| s.total).unwrap(), 1);
    proxy.heal();
    eventually("all", || away.read(|s| s.total).unwrap() == 4001);
    assert!(away.read(|s| s.order == here.snapshot().unwrap().order).unwrap());
    assert_eq!(away.update(|s| count(s, 0)).unwrap(), 2);
}

/// The URL and the directory of a process that is the link, and does nothing else.
const CHILD: &str = "SHMSTATE_CLUSTER_CHILD";

/// A process, unless it is the test that runs this: is the link until it is killed.
#[test]
fn child() {
    let Ok(said) = std::env::var(CHILD) else { return };
    let (url, dir) = said.split_once(' ').unwrap();
    let link: ClusterState<Counts> = join(url, Path::new(dir));
    assert!(link.status().unwrap().connected);
    std::fs::write(Path::new(dir).join("ready"), "").unwrap();
    loop {
        std::thread::park();
    }
}

/// Stopped is not dead: no other process becomes the link.
#[test]
fn updates_wait_for_a_link_that_is_stopped() {
    if !has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start(dir.path());
    let machine = dir.path().join("machine");
    std::fs::create_dir_all(&machine).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact"]).env(CHILD, format!("{} {}", server.url(), machine.display()));
    let mut link = command.spawn().unwrap();
    eventually("a link", || machine.join("ready").exists());
    let state = ClusterState::<Counts>::options().timeout(Duration::from_secs(2));
    let state = state.join(server.url(), machine.join("state")).unwrap();
    eventually("a link", || state.status().unwrap().link == Some(link.id()) && state.status().unwrap().connected);
    assert_eq!(state.update(|s| count(s, 0)).unwrap(), 1);

    signal(link.id(), Signal::STOP);
    for _ in 0..2 {
        let late = state.update(|s| count(s, 0)).unwrap_err();
        assert!(matches!(late, Error::InDoubt { .. }), "{late}");
    }
    // Reads go on, and the state says which process it is.
    assert_eq!(state.read(|s| s.total).unwrap(), 1);
    let status = state.status().unwrap();
    assert_eq!(status.link, Some(link.id()), "{status:?}");
    assert!(state.staleness().unwrap().unwrap() >= Duration::from_secs(3));

    signal(link.id(), Signal::CONT);
    eventually("what was in doubt", || state.read(|s| s.total).unwrap() == 3);
    assert_eq!(state.update(|s| count(s, 0)).unwrap(), 4);
    // Dead is dead.
    link.kill().unwrap();
    link.wait().unwrap();
    eventually("another link", || state.status().unwrap().link == Some(std::process::id()));
    eventually("an update", || state.update(|s| count(s, 0)).is_ok());
}
