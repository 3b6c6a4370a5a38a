//! What tests share: servers, networks, and directories that stand for machines.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod history;
pub mod namespaces;
pub mod proxy;
pub mod servers;

pub use servers::*;

use namespaces::Namespaces;
use proxy::Proxy;
use rustix::process::{Pid, Signal, kill_process};
use shmstate::SharedLayout;
use shmstate_cluster::{ClusterState, Error, Options};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The configuration of one of three servers, each of which has all that the others have.
fn one_of_three(dir: &Path, n: usize, listen: &str, cluster: &str, routes: &[String]) -> PathBuf {
    let (config, store) = (dir.join(format!("nats-{n}.conf")), dir.join(format!("nats-{n}")));
    let text = format!(
        "server_name: \"n{n}\"\nlisten: \"{listen}\"\n\
         jetstream {{ store_dir: {store:?}, max_mem: 64MB, max_file: 1GB }}\n\
         cluster {{ name: c, listen: \"{cluster}\", no_advertise: true, routes: {routes:?} }}\n"
    );
    std::fs::write(&config, text).unwrap();
    config
}

impl Nats {
    /// Three servers, each on a machine.
    pub fn start_three_in(dir: &Path, machines: &Namespaces) -> [Nats; 3] {
        let [client, route] = [4222, 6222];
        let mut servers = [0, 1, 2].map(|n| {
            let listens = |port| format!("{}:{port}", machines.address(n));
            let others = (0..3).filter(|other| *other != n);
            let routes: Vec<String> =
                others.map(|other| format!("nats://{}:{route}", machines.address(other))).collect();
            let config = one_of_three(dir, n, &listens(client), &listens(route), &routes);
            Nats::new(machines.command(n, "nats-server"), &config, client, false)
        });
        servers.iter_mut().for_each(Nats::run);
        servers
    }

    /// Three servers, each of which has all that the others have, and the lines between each two of them.
    pub fn start_three(dir: &Path) -> ([Nats; 3], Vec<(usize, usize, Proxy)>) {
        let ports: [(u16, u16); 3] = std::array::from_fn(|_| (free_port(), free_port()));
        let pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];
        let lines: Vec<_> = pairs.map(|(from, to)| (from, to, Proxy::of(ports[to].1))).into();
        let servers = [0, 1, 2].map(|n| {
            let (port, route) = ports[n];
            let lines = lines.iter().filter(|(from, ..)| *from == n);
            let routes: Vec<String> = lines.map(|(.., line)| line.url()).collect();
            let listens = |port| format!("127.0.0.1:{port}");
            let config = one_of_three(dir, n, &listens(port), &listens(route), &routes);
            Nats::new(Command::new("nats-server"), &config, port, true)
        });
        let mut servers = servers;
        servers.iter_mut().for_each(Nats::spawn);
        servers.iter().for_each(Nats::wait);
        (servers, lines)
    }
}

/// Sends a signal to a process.
pub fn signal(process: u32, signal: Signal) {
    kill_process(Pid::from_raw(process as i32).unwrap(), signal).unwrap();
}

/// Options of a test: a machine is patient.
pub fn options<'a, T: SharedLayout>() -> Options<'a, T> {
    ClusterState::<T>::options().timeout(PATIENCE)
}

/// Joins as the machine whose regions lie in that directory.
pub fn join<T: SharedLayout>(url: &str, dir: &Path) -> ClusterState<T> {
    std::fs::create_dir_all(dir).unwrap();
    options().join(url, dir.join("state")).unwrap()
}

/// Says that it is over when it is dropped, also when a check fails: a scope waits for its threads before it lets a panic go on.
pub struct Over<'a>(pub &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Updates until it is over. Returns how many were acknowledged, and how many are in doubt.
pub fn update_until(is_over: &AtomicBool, mut update: impl FnMut() -> Result<u64, Error>) -> (u64, u64) {
    let (mut acknowledged, mut in_doubt) = (0, 0);
    while !is_over.load(Relaxed) {
        match update() {
            Ok(_) => acknowledged += 1,
            Err(Error::InDoubt { .. }) => in_doubt += 1,
            // Nothing has happened.
            Err(Error::Disconnected { .. } | Error::Conflict { .. }) => {}
            Err(e) => panic!("{e}"),
        }
    }
    (acknowledged, in_doubt)
}

/// Checks that all that was acknowledged has happened once, and what is in doubt once or not at all.
pub fn check_counts(counts: &[(u64, u64)], each: &[u64]) {
    for (me, (acknowledged, in_doubt)) in counts.iter().enumerate() {
        assert!((*acknowledged..=acknowledged + in_doubt).contains(&each[me]), "{me}: {each:?}, {counts:?}");
    }
}

/// Waits until something holds.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "not in {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
