//! A counter that three machines share, each with a server of its own, of which one is killed.
//!
//! The machines are network namespaces, with an address each and a bridge between them; where this process may not make any, they are
//! directories. On each, several processes count. A server is killed, and then a machine is cut off from the two others for a while.
//! In the end all machines have the same count, and no count is missing that a process was assured of.
//!
//! `cargo run --release --example cluster -- --workers 2 --seconds 6`
//!
//! It takes `nats-server` 2.9 or newer: `apt install nats-server` on Debian, or <https://nats.io/download>.

#[path = "../shmstate-cluster/tests/common/namespaces.rs"]
mod namespaces;

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use namespaces::Namespaces;
use shmstate::SharedLayout;
use shmstate_cluster::{ClusterState, Error};
use shmstate_examples::{Parent, Process, this_program};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

const MACHINES: usize = 3;

/// The most workers of a machine.
const WORKERS: usize = 8;

/// How long the example waits for something that has to come.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(SharedLayout)]
#[repr(C)]
struct Counter {
    total: u64,
    each: [[u64; WORKERS]; MACHINES],
    /// Each machine's own: how often its processes have looked.
    #[shared(local)]
    reads: u64,
}

/// Counts on three machines.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// Processes of each machine.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=WORKERS as u64))]
    workers: u64,
    /// How long they count.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Directories instead of namespaces.
    #[arg(long)]
    directories: bool,
    /// The server's program.
    #[arg(long, default_value = "nats-server")]
    server: PathBuf,
}

#[derive(Subcommand)]
enum Role {
    /// What each worker runs.
    #[command(hide = true)]
    Work { url: String, dir: PathBuf, machine: usize, worker: usize },
    /// Prints what a machine has.
    #[command(hide = true)]
    Look { url: String, dir: PathBuf },
}

fn join(url: &str, dir: &Path) -> Result<ClusterState<Counter>> {
    let until = Instant::now() + PATIENCE;
    loop {
        let options = ClusterState::<Counter>::options().replicas(MACHINES).timeout(Duration::from_secs(5));
        match options.join(url, dir.join("counter")) {
            // The servers have just begun.
            Err(Error::Disconnected { .. }) if Instant::now() < until => {}
            joined => return Ok(joined?),
        }
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        Some(Role::Work { url, dir, machine, worker }) => work(url, dir, *machine, *worker),
        Some(Role::Look { url, dir }) => look(url, dir),
        None => run(&args),
    }
}

fn work(url: &str, dir: &Path, machine: usize, worker: usize) -> Result<()> {
    let (parent, counter, mut out) = (Parent::of_this_process(), join(url, dir)?, std::io::stdout());
    while parent.lives() {
        let counted = counter.update(|s| {
            s.total += 1;
            s.each[machine][worker] += 1;
            s.each[machine][worker]
        });
        match counted {
            // The parent believes it: the cluster has it.
            Ok(count) => writeln!(out, "{count}")?,
            // Counted again with the next one; in doubt, it may count twice, which the parent allows for.
            Err(Error::Disconnected { .. } | Error::InDoubt { .. } | Error::Conflict { .. }) => {}
            Err(e) => return Err(e.into()),
        }
        counter.update_local(|s| &mut s.reads, |reads| *reads += 1)?;
    }
    Ok(())
}

fn look(url: &str, dir: &Path) -> Result<()> {
    let (counter, until) = (join(url, dir)?, Instant::now() + PATIENCE);
    // An update that changes nothing has seen the newest version. The servers may still agree on which of them leads.
    while let Err(e) = counter.update(|_| ()) {
        ensure!(Instant::now() < until, "{e}");
    }
    let (total, each) = counter.read(|s| (s.total, s.each))?;
    let each: Vec<String> = each.iter().flatten().map(u64::to_string).collect();
    println!("{total} {}", each.join(" "));
    Ok(())
}

/// Three machines, on this one.
enum Machines {
    Namespaces(Namespaces),
    /// Directories, and a port for each server and for what servers say to each other.
    Directories([u16; 2 * MACHINES]),
}

impl Machines {
    fn new(directories: bool) -> Result<Machines> {
        if !directories {
            match Namespaces::new(MACHINES) {
                Ok(machines) => return Ok(Machines::Namespaces(machines)),
                Err(e) => println!("no namespaces: {e}"),
            }
        }
        let mut ports = [0; 2 * MACHINES];
        let listeners: Vec<TcpListener> =
            ports.iter().map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        for (port, listener) in ports.iter_mut().zip(&listeners) {
            *port = listener.local_addr()?.port();
        }
        Ok(Machines::Directories(ports))
    }

    /// A program on a machine.
    fn command(&self, machine: usize, program: &Path) -> Command {
        match self {
            Machines::Namespaces(machines) => machines.command(machine, program),
            Machines::Directories(_) => Command::new(program),
        }
    }

    /// Where a machine's server listens, for clients and for the other servers.
    fn addresses(&self, machine: usize) -> [String; 2] {
        match self {
            Machines::Namespaces(machines) => [4222, 6222].map(|port| format!("{}:{port}", machines.address(machine))),
            Machines::Directories(ports) => [machine, MACHINES + machine].map(|n| format!("127.0.0.1:{}", ports[n])),
        }
    }

    /// Cuts a machine off from the others, or connects it again. Returns whether it could.
    fn cut(&self, machine: usize, is_cut: bool) -> Result<bool> {
        let Machines::Namespaces(machines) = self else { return Ok(false) };
        machines.cut(machine, is_cut)?;
        Ok(true)
    }
}

/// A server, killed when dropped.
struct Server(Child);

impl Server {
    fn start(args: &Args, machines: &Machines, machine: usize, dir: &Path) -> Result<Server> {
        let [client, peer] = machines.addresses(machine);
        let others = (0..MACHINES).filter(|other| *other != machine);
        let routes: Vec<String> = others.map(|other| format!("\"nats://{}\"", machines.addresses(other)[1])).collect();
        let (config, store) = (dir.join("nats.conf"), dir.join("nats"));
        let text = format!(
            "server_name: \"n{machine}\"\nlisten: \"{client}\"\njetstream {{ store_dir: {store:?} }}\n\
             cluster {{ name: example, listen: \"{peer}\", routes: [{}] }}\n",
            routes.join(", ")
        );
        fs::write(&config, text)?;
        let mut command = machines.command(machine, &args.server);
        command.arg("--config").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().context("nats-server")?;
        Ok(Server(child))
    }

    fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn run(args: &Args) -> Result<()> {
    if let Err(e) = Command::new(&args.server).arg("--version").output() {
        bail!(
            "cannot run `{}`: {e}. Install it (Debian: `apt install nats-server`; others: https://nats.io/download), or say where it is \
             with `--server`",
            args.server.display()
        );
    }
    let place = tempfile::tempdir()?;
    println!("the state is {}, on the first machine", place.path().join("machine-0/counter").display());
    let machines = Machines::new(args.directories)?;
    match &machines {
        Machines::Namespaces(_) => println!("three machines, each a namespace of the network"),
        Machines::Directories(_) => println!("three machines, each a directory"),
    }
    let dirs: Vec<PathBuf> = (0..MACHINES).map(|n| place.path().join(format!("machine-{n}"))).collect();
    dirs.iter().try_for_each(fs::create_dir)?;
    let mut servers: Vec<Server> =
        (0..MACHINES).map(|n| Server::start(args, &machines, n, &dirs[n])).collect::<Result<_>>()?;
    // Each machine looks for its own server first.
    let url = |machine: usize| {
        let all = (0..MACHINES).map(|n| format!("nats://{}", machines.addresses((machine + n) % MACHINES)[0]));
        all.collect::<Vec<_>>().join(",")
    };
    let program = this_program()?.get_program().to_owned();

    let assured: [[AtomicU64; WORKERS]; MACHINES] = Default::default();
    std::thread::scope(|scope| -> Result<()> {
        let mut workers = Vec::new();
        for (machine, dir) in dirs.iter().enumerate() {
            for worker in 0..args.workers as usize {
                let mut command = machines.command(machine, Path::new(&program));
                command.arg("work").arg(url(machine)).arg(dir);
                command.args([machine.to_string(), worker.to_string()]).stdout(Stdio::piped());
                let mut process = Process::spawn(&mut command)?;
                let out = process.child().stdout.take().context("the worker's output")?;
                let assured = &assured[machine][worker];
                scope.spawn(move || {
                    for line in BufReader::new(out).lines().map_while(Result::ok) {
                        if let Ok(count) = line.parse() {
                            assured.store(count, Relaxed);
                        }
                    }
                });
                workers.push(process);
            }
        }
        let all = || assured.iter().flatten().map(|count| count.load(Relaxed)).sum::<u64>();
        let until = Instant::now() + PATIENCE;
        while assured.iter().any(|machine| machine[0].load(Relaxed) == 0) {
            ensure!(Instant::now() < until, "not all machines count");
            std::thread::sleep(Duration::from_millis(20));
        }
        let part = Duration::from_secs(args.seconds) / 3;
        std::thread::sleep(part);
        println!("{} counts; the server of machine 0 is killed", all());
        servers[0].kill()?;
        std::thread::sleep(part);
        println!("{} counts; it is started again", all());
        servers[0] = Server::start(args, &machines, 0, &dirs[0])?;
        if machines.cut(1, true)? {
            println!("machine 1 is cut off");
            std::thread::sleep(part / 2);
            machines.cut(1, false)?;
            println!("{} counts; it is connected again", all());
            std::thread::sleep(part / 2);
        } else {
            std::thread::sleep(part);
        }
        println!("{} counts; all workers are killed", all());
        for worker in &mut workers {
            worker.child().kill()?;
            worker.child().wait()?;
        }
        Ok(())
    })?;

    let mut results = Vec::new();
    for (machine, dir) in dirs.iter().enumerate() {
        let mut command = machines.command(machine, Path::new(&program));
        let said = command.arg("look").arg(url(machine)).arg(dir).output()?;
        ensure!(said.status.success(), "machine {machine}: {}", String::from_utf8_lossy(&said.stderr));
        let numbers = String::from_utf8(said.stdout)?;
        results.push(numbers.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?);
    }
    // Looking is an update too, which counts nothing.
    ensure!(results.iter().all(|result| *result == results[0]), "the machines differ: {results:?}");
    let (total, each) = results[0].split_first().context("a result")?;
    ensure!(each.iter().sum::<u64>() == *total, "{total} is not the sum of {each:?}");
    for (n, (count, assured)) in each.iter().zip(assured.iter().flatten()).enumerate() {
        let assured = assured.load(Relaxed);
        ensure!(*count >= assured, "worker {n} was assured of {assured}, and {count} are there");
    }
    println!("all three machines have {total} counts, and none is missing that a worker was assured of");
    Ok(())
}
