//! Three servers, three machines with two processes each. Servers and processes are killed, lines are cut, silenced and slowed, at
//! random. Each process writes down when it called for an update, when that returned, and what it saw; a checker looks whether all of
//! that is what updates one after the other would have been.

mod common;

use common::proxy::Proxy;
use common::{Nats, eventually, has};
use shmstate::dynamic::DynState;
use shmstate::{List, SharedLayout};
use shmstate_cluster::ClusterState;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use todc_utils::specifications::Specification;
use todc_utils::{Action, History, WGLChecker};

const CHILD: &str = "SHMSTATE_CLUSTER_CHILD";

/// How long servers and processes are in trouble: seconds.
const SECONDS: &str = "SHMSTATE_CLUSTER_SECONDS";

const MACHINES: usize = 3;

/// Operations that the checker looks at.
const CHECKED: usize = 3000;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    /// The operation that was last, and how many there have been.
    last: u64,
    count: u64,
    all: List<u64, 200_000>,
}

/// An update as it was seen from outside.
#[derive(Clone, Copy, Debug)]
struct Operation {
    id: u64,
    /// The operation before, and how many there were; `None` if the process did not learn it.
    saw: Option<(u64, u64)>,
}

/// What updates do, one after the other.
struct Spec;

impl Specification for Spec {
    type State = (u64, u64);
    type Operation = Operation;

    fn init() -> (u64, u64) {
        (0, 0)
    }

    fn apply(operation: &Operation, state: &(u64, u64)) -> (bool, (u64, u64)) {
        (operation.saw.is_none_or(|saw| saw == *state), (operation.id, state.1 + 1))
    }
}

/// Nanoseconds of a clock that all processes of this machine have.
fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn join(url: &str, dir: &Path) -> ClusterState<Board> {
    let until = Instant::now() + common::PATIENCE;
    loop {
        let options = ClusterState::<Board>::options().replicas(3).timeout(Duration::from_secs(4)).tries(1000);
        match options.join(url, dir.join("state")) {
            Ok(state) => return state,
            Err(e) => assert!(Instant::now() < until, "{e}"),
        }
    }
}

/// A process, unless it is the test that runs this: updates until it is killed.
#[test]
fn child() {
    let Ok(said) = std::env::var(CHILD) else { return };
    let [dir, url, process] = said.split(' ').collect::<Vec<_>>()[..] else { panic!("{said}") };
    let state = join(url, Path::new(dir));
    let mut out = std::io::stdout();
    for n in 1_u64.. {
        let id = process.parse::<u64>().unwrap() << 32 | n;
        writeln!(out, "call {id} {}", now()).unwrap();
        let updated = state.update(|s| {
            let saw = (s.last, s.count);
            (s.last, s.count) = (id, s.count + 1);
            s.all.push(id).unwrap();
            saw
        });
        match updated {
            Ok((last, count)) => {
                writeln!(out, "saw {id} {} {last} {count}", now()).unwrap();
                // What is acknowledged is there to read, on this machine.
                assert!(state.read(|s| s.count).unwrap() > count);
            }
            Err(shmstate_cluster::Error::InDoubt { .. }) => {}
            Err(shmstate_cluster::Error::Disconnected { .. } | shmstate_cluster::Error::Conflict { .. }) => {
                writeln!(out, "nothing {id}").unwrap();
            }
            Err(e) => panic!("{e}"),
        }
    }
}

/// When an operation was called, when it returned, and what it saw: the one before and how many there were.
type Called = (u64, Option<(u64, u64, u64)>);

type Seen = Arc<Mutex<HashMap<u64, Called>>>;

struct Process {
    child: Child,
    reader: std::thread::JoinHandle<()>,
}

fn start(dir: &Path, url: &str, number: u64, seen: &Seen) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).env(CHILD, format!("{} {url} {number}", dir.display()));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (out, seen) = (child.stdout.take().unwrap(), Arc::clone(seen));
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(out).lines() {
            let Ok(line) = line else { return };
            let words: Vec<&str> = line.split(' ').collect();
            let numbers: Vec<u64> = words[1..].iter().filter_map(|word| word.parse().ok()).collect();
            let mut seen = seen.lock().unwrap();
            match (words[0], &numbers[..]) {
                ("call", [id, at]) => _ = seen.insert(*id, (*at, None)),
                ("saw", [id, at, last, count]) => seen.get_mut(id).unwrap().1 = Some((*at, *last, *count)),
                ("nothing", [id]) => _ = seen.remove(id),
                _ => {}
            }
        }
    });
    Process { child, reader }
}

impl Process {
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.join().unwrap();
    }
}

#[test]
fn updates_are_linearizable_whatever_is_lost() {
    if !has("nats-server") {
        return;
    }
    let seconds = std::env::var(SECONDS).ok().map_or(20, |seconds| seconds.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let (mut servers, lines) = Nats::start_three(dir.path());
    let seen = Seen::default();
    // The lines of each machine to each server.
    let links: Vec<Vec<Proxy>> =
        (0..MACHINES).map(|_| servers.iter().map(|server| Proxy::of(server.port)).collect()).collect();
    let urls: Vec<String> =
        links.iter().map(|links| links.iter().map(Proxy::url).collect::<Vec<_>>().join(",")).collect();
    let dirs: Vec<PathBuf> = (0..MACHINES).map(|n| dir.path().join(format!("machine-{n}"))).collect();
    dirs.iter().for_each(|dir| std::fs::create_dir_all(dir).unwrap());
    // The first join makes the state.
    let mut number = 0;
    let mut run = |machine: usize| {
        number += 1;
        start(&dirs[machine], &urls[machine], number, &seen)
    };
    let mut processes: Vec<Process> = (0..2 * MACHINES).map(|n| run(n % MACHINES)).collect();
    let done = || acknowledged(&seen.lock().unwrap());
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
        let (server, machine) = (below(3), below(MACHINES));
        let said = match below(6) {
            0 => {
                servers[server].kill();
                std::thread::sleep(pause);
                servers[server].run();
                format!("server {server} was killed")
            }
            1 => {
                let n = below(processes.len());
                processes.remove(n).kill();
                processes.insert(n, run(n % MACHINES));
                format!("a process of machine {} was killed", n % MACHINES)
            }
            2 => {
                links[machine].iter().for_each(Proxy::cut);
                std::thread::sleep(pause);
                links[machine].iter().for_each(Proxy::heal);
                format!("the links of machine {machine} were cut")
            }
            3 => {
                links[machine].iter().for_each(Proxy::silence);
                std::thread::sleep(3 * pause);
                links[machine].iter().for_each(Proxy::heal);
                format!("the links of machine {machine} were silent")
            }
            4 => {
                // One server is apart from the two others, and machines reach all of them.
                let apart = lines.iter().filter(|(from, to, _)| *from == server || *to == server);
                apart.clone().for_each(|(.., line)| line.cut());
                std::thread::sleep(3 * pause);
                apart.for_each(|(.., line)| line.heal());
                format!("server {server} was apart from the others")
            }
            _ => {
                let delay = Duration::from_millis(below(20) as u64);
                links[machine].iter().for_each(|link| link.delay(delay));
                format!("each piece to machine {machine} takes {delay:?}")
            }
        };
        troubles += 1;
        eventually("updates go on", || done() > before + 3);
        println!("{said}; {} updates", done());
    }
    for links in &links {
        links.iter().for_each(|link| link.delay(Duration::ZERO));
    }
    processes.into_iter().for_each(Process::kill);

    // All have the same bytes of what means something.
    let states: Vec<_> = (0..MACHINES).map(|n| join(&urls[n], &dirs[n])).collect();
    let update = || states[0].update(|s| s.count);
    let mut count = update();
    eventually("an update", || {
        count = update();
        count.is_ok()
    });
    let count = count.unwrap();
    for state in &states {
        eventually("the same", || state.read(|s| s.count).unwrap() == count);
    }
    let contents: Vec<String> =
        dirs.iter().map(|dir| DynState::open(dir.join("state")).unwrap().to_json("").unwrap()).collect();
    assert!(contents.iter().all(|content| *content == contents[0]));

    // What was acknowledged is there, and what has not happened is not.
    let all: Vec<u64> = states[0].read(|s| s.all.to_vec()).unwrap();
    let places: HashMap<u64, usize> = all.iter().enumerate().map(|(n, id)| (*id, n)).collect();
    assert_eq!(places.len(), all.len(), "an update has happened twice");
    let seen = seen.lock().unwrap();
    for (id, (_, saw)) in seen.iter() {
        if let Some((_, last, count)) = saw {
            assert_eq!(places.get(id).map(|n| *n as u64), Some(*count), "{id} was acknowledged");
            assert_eq!(all.get(count.wrapping_sub(1) as usize).copied().unwrap_or(0), *last);
        }
    }
    assert!(all.iter().all(|id| seen.contains_key(id)), "what was called nothing has happened");
    // The state says in which order they happened. None has returned before one was called that happened before it.
    let mut first_return = u64::MAX;
    for id in all.iter().rev() {
        let (called, saw) = seen[id];
        assert!(called <= first_return, "{id} was called after one had returned that saw it");
        first_return = first_return.min(saw.map_or(u64::MAX, |(at, ..)| at));
    }
    // The checker finds such an order by itself, for as many as it has memory for: it keeps all that it has tried.
    let first = &all[..all.len().min(CHECKED)];
    let mut actions: Vec<(u64, usize, Action<Operation>)> = Vec::new();
    for (process, id) in first.iter().enumerate() {
        let (called, saw) = seen[id];
        // What has not returned may happen at any time.
        let (returned, saw) = saw.map_or((u64::MAX, None), |(at, last, count)| (at, Some((last, count))));
        actions.push((called, process, Action::Call(Operation { id: *id, saw })));
        actions.push((returned, process, Action::Response(Operation { id: *id, saw })));
    }
    actions.sort_by_key(|(at, process, _)| (*at, *process));
    let history = actions.into_iter().map(|(_, process, action)| (process, action)).collect();
    assert!(WGLChecker::<Spec>::is_linearizable(History::from_actions(history)), "not linearizable");
    let (acknowledged, called) = (acknowledged(&seen), seen.len());
    println!(
        "{troubles} troubles, {acknowledged} updates were acknowledged, {} in doubt, {} in the state",
        called - acknowledged,
        all.len()
    );
}

fn acknowledged(seen: &HashMap<u64, Called>) -> usize {
    seen.values().filter(|(_, saw)| saw.is_some()).count()
}
