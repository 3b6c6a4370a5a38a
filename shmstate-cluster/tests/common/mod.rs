//! Servers that a test starts, and directories that stand for machines.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod proxy;

use proxy::Proxy;
use shmstate::SharedLayout;
use shmstate_cluster::{ClusterState, Error, Options};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long a test waits for something that has to come.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Set where all servers have to be there: a test without one fails then, instead of being skipped.
const REQUIRED: &str = "SHMSTATE_SERVERS_REQUIRED";

/// Whether a server's program is there. If not, the test is to end.
pub fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !is_there {
        assert!(std::env::var_os(REQUIRED).is_none(), "{program} is not installed");
        println!("skipped: {program} is not installed (Debian: `apt install nats-server etcd-server`)");
    }
    is_there
}

/// A port that no program listens on, just now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A NATS server with JetStream, killed when dropped.
pub struct Nats {
    config: PathBuf,
    pub port: u16,
    child: Option<Child>,
}

impl Nats {
    /// One server.
    pub fn start(dir: &Path) -> Nats {
        Nats::start_with(dir, "")
    }

    /// One server, with more in its configuration.
    pub fn start_with(dir: &Path, more: &str) -> Nats {
        let port = free_port();
        let config = dir.join("nats.conf");
        let store = dir.join("nats");
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: {store:?}, max_mem: 64MB, max_file: 1GB }}\n{more}"
        );
        std::fs::write(&config, text).unwrap();
        let mut server = Nats { config, port, child: None };
        server.run();
        server
    }

    /// Three servers, each of which has all that the others have, and the lines between each two of them.
    pub fn start_three(dir: &Path) -> ([Nats; 3], Vec<(usize, usize, Proxy)>) {
        let ports: [(u16, u16); 3] = std::array::from_fn(|_| (free_port(), free_port()));
        let pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];
        let lines: Vec<_> = pairs.map(|(from, to)| (from, to, Proxy::of(ports[to].1))).into();
        let servers = [0, 1, 2].map(|n| {
            let (port, route) = ports[n];
            let routes: Vec<String> =
                lines.iter().filter(|(from, ..)| *from == n).map(|(.., line)| format!("{:?}", line.url())).collect();
            let config = dir.join(format!("nats-{n}.conf"));
            let store = dir.join(format!("nats-{n}"));
            let text = format!(
                "server_name: \"n{n}\"\nlisten: \"127.0.0.1:{port}\"\n\
                 jetstream {{ store_dir: {store:?}, max_mem: 64MB, max_file: 1GB }}\n\
                 cluster {{ name: c, listen: \"127.0.0.1:{route}\", no_advertise: true, routes: [{}] }}\n",
                routes.join(", ")
            );
            std::fs::write(&config, text).unwrap();
            Nats { config, port, child: None }
        });
        let mut servers = servers;
        servers.iter_mut().for_each(Nats::spawn);
        servers.iter().for_each(Nats::wait);
        (servers, lines)
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn spawn(&mut self) {
        let mut command = Command::new("nats-server");
        command.arg("--config").arg(&self.config).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
    }

    fn wait(&self) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "nats-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it, with what it had.
    pub fn run(&mut self) {
        self.spawn();
        self.wait();
    }

    /// Kills it: `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
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

/// An etcd server, killed when dropped.
pub struct Etcd {
    dir: PathBuf,
    pub port: u16,
    peer: u16,
    child: Option<Child>,
}

impl Etcd {
    pub fn start(dir: &Path) -> Etcd {
        let mut server = Etcd { dir: dir.join("etcd"), port: free_port(), peer: free_port(), child: None };
        server.run();
        server
    }

    pub fn url(&self) -> String {
        format!("etcd://127.0.0.1:{}", self.port)
    }

    /// Starts it, with what it had.
    pub fn run(&mut self) {
        let (client, peer) = (format!("http://127.0.0.1:{}", self.port), format!("http://127.0.0.1:{}", self.peer));
        let mut command = Command::new("etcd");
        command.args(["--name", "one", "--data-dir"]).arg(&self.dir);
        command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        command.args(["--initial-cluster", &format!("one={peer}")]);
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < until, "etcd does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it: `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.kill();
    }
}
