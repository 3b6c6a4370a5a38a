//! The same on etcd.
#![cfg(feature = "etcd")]

mod common;

use common::{Etcd, Over, check_counts, eventually, has, join, update_until};
use shmstate::{List, SharedLayout, Text};
use shmstate_cluster::ClusterState;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    total: u64,
    each: [u64; 4],
    order: List<u8, 20_000>,
    name: Text<3_000_056>,
}

fn count(s: &mut Board, me: usize) -> u64 {
    s.total += 1;
    s.each[me] += 1;
    s.order.push(me as u8).unwrap();
    s.each[me]
}

#[test]
fn machines_have_the_same_state_whatever_is_lost() {
    if !has("etcd") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut server = Etcd::start(dir.path());
    let machines: Vec<ClusterState<Board>> =
        (0..3).map(|n| join(&server.url(), &dir.path().join(format!("machine-{n}")))).collect();
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
        for _ in 0..3 {
            let before = machines[0].read(|s| s.total).unwrap();
            eventually("updates", || machines[0].read(|s| s.total).unwrap() > before + 30);
            server.kill();
            std::thread::sleep(Duration::from_millis(50));
            server.run();
        }
        drop(over);
        counting.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // Larger than an entry of the log.
    machines[1].try_update(|s| s.name.set(&"long".repeat(600_000))).unwrap().unwrap();
    let total = machines[0].update(|s| s.total).unwrap();
    for state in &machines {
        eventually("the same", || state.read(|s| s.total == total && s.name.len() == 2_400_000).unwrap());
        let each = state.read(|s| s.each).unwrap();
        check_counts(&counts, &each);
    }
    // A machine that comes late, from the snapshot and what follows it.
    let late: ClusterState<Board> = join(&server.url(), &dir.path().join("late"));
    eventually("the same", || late.read(|s| s.total).unwrap() == total);
    assert!(late.read(|s| s.order == machines[0].snapshot().unwrap().order).unwrap());
    late.update(|s| count(s, 3)).unwrap();
    println!("acknowledged and in doubt: {counts:?}");
}
