//! Three servers, three machines with two processes each. Servers and processes are killed, links are cut, silenced and slowed, at
//! random, on two networks: in one, a machine is a namespace, and its link one of the kernel; in the other, a machine is a directory, and
//! its links are proxies. A checker looks whether what the processes saw is what updates one after the other would have been.

mod common;

use common::history::{Process, Seen, catch_up, child as child_of_a_history};
use common::namespaces::Namespaces;
use common::proxy::Proxy;
use common::{Nats, eventually, has, signal};
use rustix::process::Signal;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long servers and processes are in trouble: seconds.
const SECONDS: &str = "SHMSTATE_CLUSTER_SECONDS";

const MACHINES: usize = 3;

/// One history at a time: each one has nine busy processes.
static TURN: Mutex<()> = Mutex::new(());

/// What is there between machines and servers, and its troubles.
trait Network {
    /// A program on a machine.
    fn command(&self, machine: usize, program: PathBuf) -> Command;

    /// The servers, as a machine reaches them.
    fn url(&self, machine: usize) -> String;

    fn servers(&mut self) -> &mut [Nats];

    /// Is in trouble, and out of it again, for about that long. Returns what happened.
    fn trouble(&mut self, machine: usize, pause: Duration, below: &mut dyn FnMut(usize) -> usize) -> String;

    /// Is as fast as it can be again.
    fn heal(&self);
}

/// Runs processes on a network in trouble, and checks their history.
fn history_on(network: &mut dyn Network) {
    let seconds = std::env::var(SECONDS).ok().map_or(4, |seconds| seconds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let dirs: Vec<PathBuf> = (0..MACHINES).map(|n| dir.path().join(format!("machine-{n}"))).collect();
    dirs.iter().for_each(|dir| std::fs::create_dir_all(dir).unwrap());
    let seen = Seen::default();
    let mut number = 0;
    let mut start = |network: &dyn Network, machine: usize| {
        number += 1;
        let command = network.command(machine, std::env::current_exe().unwrap());
        Process::start(command, &dirs[machine], &network.url(machine), number, &seen)
    };
    // The first join makes the state.
    let mut processes: Vec<Process> = (0..2 * MACHINES).map(|n| start(network, n % MACHINES)).collect();
    let done = || seen.acknowledged();
    eventually("the first updates", || done() > 50);
    let mut random = std::hash::RandomState::new();
    let mut below = |end: usize| {
        use std::hash::BuildHasher;
        let value = random.hash_one(Instant::now());
        random = std::hash::RandomState::new();
        value as usize % end
    };
    let (until, mut troubles) = (Instant::now() + Duration::from_secs(seconds), 0);
    while Instant::now() < until {
        let before = done();
        let pause = Duration::from_millis(50 + below(1000) as u64);
        let (server, process) = (below(MACHINES), below(processes.len()));
        let said = match below(8) {
            0 => {
                network.servers()[server].kill();
                std::thread::sleep(pause);
                network.servers()[server].run();
                format!("server {server} was killed")
            }
            1 => {
                let id = network.servers()[server].id();
                signal(id, Signal::STOP);
                std::thread::sleep(pause);
                signal(id, Signal::CONT);
                format!("server {server} was stopped")
            }
            2 => {
                // The process of a machine that is the link, or the other one.
                drop(processes.remove(process));
                processes.insert(process, start(network, process % MACHINES));
                format!("a process of machine {} was killed", process % MACHINES)
            }
            3 => {
                signal(processes[process].id(), Signal::STOP);
                std::thread::sleep(pause);
                signal(processes[process].id(), Signal::CONT);
                format!("a process of machine {} was stopped", process % MACHINES)
            }
            _ => network.trouble(below(MACHINES), pause, &mut below),
        };
        troubles += 1;
        eventually(&format!("updates go on after: {said}"), || done() > before + 3);
        println!("{said}; {} updates", done());
    }
    network.heal();
    drop(processes);
    // From the first one on, nothing that was under way can happen any more.
    for (n, dir) in dirs.iter().enumerate() {
        catch_up(network.command(n, std::env::current_exe().unwrap()), dir, &network.url(n));
    }
    println!("{troubles} troubles, {}", seen.check(&dirs));
}

/// A process, unless it is the test that runs this: updates until it is killed.
#[test]
fn child() {
    child_of_a_history();
}

/// Machines that are directories, and proxies between them and the servers, and between each two servers.
struct Loopback {
    servers: [Nats; 3],
    lines: Vec<(usize, usize, Proxy)>,
    /// The lines of each machine to each server.
    links: Vec<Vec<Proxy>>,
}

impl Network for Loopback {
    fn command(&self, _: usize, program: PathBuf) -> Command {
        Command::new(program)
    }

    fn url(&self, machine: usize) -> String {
        self.links[machine].iter().map(Proxy::url).collect::<Vec<_>>().join(",")
    }

    fn servers(&mut self) -> &mut [Nats] {
        &mut self.servers
    }

    fn trouble(&mut self, machine: usize, pause: Duration, below: &mut dyn FnMut(usize) -> usize) -> String {
        let links = &self.links[machine];
        match below(4) {
            0 => {
                links.iter().for_each(Proxy::cut);
                std::thread::sleep(pause);
                links.iter().for_each(Proxy::heal);
                format!("the links of machine {machine} were cut")
            }
            1 => {
                links.iter().for_each(Proxy::silence);
                std::thread::sleep(3 * pause);
                links.iter().for_each(Proxy::heal);
                format!("the links of machine {machine} were silent")
            }
            2 => {
                // One server is apart from the two others, and machines reach all of them.
                let apart = self.lines.iter().filter(|(from, to, _)| *from == machine || *to == machine);
                apart.clone().for_each(|(.., line)| line.cut());
                std::thread::sleep(3 * pause);
                apart.for_each(|(.., line)| line.heal());
                format!("server {machine} was apart from the others")
            }
            _ => {
                let delay = Duration::from_millis(below(20) as u64);
                links.iter().for_each(|link| link.delay(delay));
                format!("each piece to machine {machine} takes {delay:?}")
            }
        }
    }

    fn heal(&self) {
        self.links.iter().flatten().for_each(|link| link.delay(Duration::ZERO));
    }
}

#[test]
fn updates_are_linearizable_whatever_is_lost() {
    if !has("nats-server") {
        return;
    }
    let _turn = TURN.lock();
    let dir = tempfile::tempdir().unwrap();
    let (servers, lines) = Nats::start_three(dir.path());
    let links = (0..MACHINES).map(|_| servers.iter().map(|server| Proxy::of(server.port)).collect()).collect();
    history_on(&mut Loopback { servers, lines, links });
}

/// Machines that are namespaces, each with a server.
struct Kernel {
    servers: [Nats; 3],
    /// Last: the servers run in them.
    machines: Namespaces,
    /// Whether the kernel can slow a link.
    slows: bool,
}

impl Network for Kernel {
    fn command(&self, machine: usize, program: PathBuf) -> Command {
        self.machines.command(machine, program)
    }

    fn url(&self, machine: usize) -> String {
        // A machine looks for its own server first.
        let all = (0..MACHINES).map(|n| (machine + n) % MACHINES);
        all.map(|n| format!("nats://{}:{}", self.machines.address(n), self.servers[n].port))
            .collect::<Vec<_>>()
            .join(",")
    }

    fn servers(&mut self) -> &mut [Nats] {
        &mut self.servers
    }

    fn trouble(&mut self, machine: usize, pause: Duration, below: &mut dyn FnMut(usize) -> usize) -> String {
        let machines = &self.machines;
        match below(if self.slows { 5 } else { 3 }) {
            0 => {
                machines.cut(machine, true).unwrap();
                std::thread::sleep(3 * pause);
                machines.cut(machine, false).unwrap();
                format!("the link of machine {machine} was down")
            }
            1 => {
                (0..MACHINES).for_each(|n| machines.cut(n, true).unwrap());
                std::thread::sleep(pause);
                (0..MACHINES).for_each(|n| machines.cut(n, false).unwrap());
                "all links were down".to_owned()
            }
            2 => {
                let pair = (0..MACHINES).filter(|n| *n != machine);
                pair.clone().for_each(|n| machines.keep_apart(n, true).unwrap());
                std::thread::sleep(3 * pause);
                pair.for_each(|n| machines.keep_apart(n, false).unwrap());
                format!("two machines were apart from each other, and reached machine {machine}")
            }
            _ => {
                let kilobits = (below(3) > 0).then(|| 500 << below(5));
                machines.slow(machine, kilobits).unwrap();
                let said = kilobits.map_or("full speed".to_owned(), |kilobits| format!("{kilobits} kbit/s"));
                format!("the link of machine {machine} has {said}")
            }
        }
    }

    fn heal(&self) {
        if self.slows {
            (0..MACHINES).for_each(|n| self.machines.slow(n, None).unwrap());
        }
    }
}

/// A run that was killed leaves its namespaces, and what runs in them.
#[test]
fn namespaces_of_a_killed_run_are_removed() {
    let _turn = TURN.lock();
    if let Err(e) = Namespaces::new(1) {
        return println!("skipped: network namespaces cannot be made: {e}");
    }
    // No process has such a number.
    let name = "shmstate-999999999-0-0";
    let ip = |arguments: &[&str]| Command::new("ip").args(arguments).spawn().unwrap();
    assert!(ip(&["netns", "add", name]).wait().unwrap().success());
    let mut left = ip(&["netns", "exec", name, "sleep", "1000"]);
    let pids = || Command::new("ip").args(["netns", "pids", name]).output().unwrap().stdout;
    eventually("it runs", || !pids().is_empty());
    let machines = Namespaces::new(1).unwrap();
    assert!(!left.wait().unwrap().success());
    drop(machines);
    let names = Command::new("ip").args(["netns", "list"]).output().unwrap().stdout;
    let names = String::from_utf8(names).unwrap();
    assert!(!names.contains(name) && !names.contains(&format!("shmstate-{}-", std::process::id())), "{names}");
}

#[test]
fn updates_are_linearizable_between_namespaces() {
    if !has("nats-server") {
        return;
    }
    let _turn = TURN.lock();
    let machines = match Namespaces::new(MACHINES) {
        Ok(machines) => machines,
        Err(e) => return println!("skipped: network namespaces cannot be made: {e}"),
    };
    let slows = machines.slow(0, Some(1000)).and_then(|()| machines.slow(0, None));
    if let Err(e) = &slows {
        println!("no link is slowed: {e}");
    }
    let dir = tempfile::tempdir().unwrap();
    let servers = Nats::start_three_in(dir.path(), &machines);
    history_on(&mut Kernel { servers, machines, slows: slows.is_ok() });
}
