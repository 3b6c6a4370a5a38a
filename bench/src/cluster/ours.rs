//! A replicated state, updated by threads of one machine.

use crate::servers::Servers;
use crate::{Round, commit_for, histogram};
use anyhow::{Context, Result};
use shmstate::{Array, SharedLayout};
use shmstate_cluster::ClusterState;
use std::time::{Duration, Instant};

#[derive(SharedLayout)]
#[repr(C)]
struct Board<const N: usize> {
    total: u64,
    each: [u64; 8],
    items: Array<u64, N>,
}

pub fn run<const N: usize>(servers: &Servers, name: &str, threads: usize, time: Duration) -> Result<Round> {
    let memory = tempfile::tempdir_in("/dev/shm").context("make a directory in memory")?;
    let options = ClusterState::<Board<N>>::options().name(name).handles(16);
    let state = options.join(servers.nats(), memory.path().join("state"))?;
    let (before, begin) = (servers.nats_traffic()?, Instant::now());
    let done = std::thread::scope(|scope| -> Result<Vec<_>> {
        let run = |me: usize| {
            let state = &state;
            move || {
                let mut n = me;
                commit_for(time, || {
                    n = (n + 97) % N;
                    Ok(state.update(|s| {
                        s.total += 1;
                        s.each[me] += 1;
                        s.items[n] += 1;
                    })?)
                })
            }
        };
        let running: Vec<_> = (0..threads).map(|me| scope.spawn(run(me))).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread that counts")).collect()
    })?;
    let time = begin.elapsed();
    let traffic = servers.nats_traffic()? - before;
    let (mut commits, mut times) = (0, histogram()?);
    for (of_thread, of_times) in done {
        commits += of_thread;
        times.add(of_times)?;
    }
    drop(state);
    shmstate_cluster::remove(memory.path().join("state"))?;
    Ok(Round { commits, time, times, traffic })
}
