//! Servers that a test starts.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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
    pub port: u16,
    /// What starts it.
    command: Command,
    /// Whether this process can reach it.
    is_near: bool,
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
        let mut server = Nats::new(Command::new("nats-server"), &config, port, true);
        server.run();
        server
    }

    /// One that a command starts, later; whether this process can reach it.
    pub fn new(mut command: Command, config: &Path, port: u16, is_near: bool) -> Nats {
        command.arg("--config").arg(config).stdout(Stdio::null()).stderr(Stdio::null());
        Nats { port, command, is_near, child: None }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Starts it, and does not wait until it listens.
    pub fn spawn(&mut self) {
        self.child = Some(self.command.spawn().unwrap());
    }

    /// Its number in the system.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Waits until it listens. A machine that joins waits for a server on another network.
    pub fn wait(&self) {
        if !self.is_near {
            return;
        }
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
