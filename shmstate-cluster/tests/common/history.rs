//! A history of updates: processes that update until they are killed, each of which writes down when it called for an update, when that
//! returned, and what it saw; and the checks of what they have written.

use super::eventually;
use shmstate::dynamic::DynState;
use shmstate::{List, SharedLayout, State};
use shmstate_cluster::{ClusterState, Error};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use todc_utils::specifications::Specification;
use todc_utils::{Action, History, WGLChecker};

/// The orders of a process of a history: the directory of its machine, the URL and its number.
const CHILD: &str = "SHMSTATE_CLUSTER_CHILD";

/// The number of a process that only brings its machine up to date.
const LOOK: u64 = 0;

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
    let until = Instant::now() + super::PATIENCE;
    loop {
        let options = ClusterState::<Board>::options().replicas(3).timeout(Duration::from_secs(4)).tries(1000);
        match options.join(url, dir.join("state")) {
            Ok(state) => return state,
            Err(e) => assert!(Instant::now() < until, "{e}"),
        }
    }
}

/// What the test `child` of a history's file runs: nothing, unless this process was started for a history.
pub fn child() {
    let Ok(said) = std::env::var(CHILD) else { return };
    let [dir, url, process] = said.split(' ').collect::<Vec<_>>()[..] else { panic!("{said}") };
    let state = join(url, Path::new(dir));
    let process: u64 = process.parse().unwrap();
    if process == LOOK {
        // An update that changes nothing has seen the newest version.
        return eventually("an update", || state.update(|_| ()).is_ok());
    }
    let mut out = std::io::stdout();
    for n in 1_u64.. {
        let id = process << 32 | n;
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
            Err(Error::InDoubt { .. }) => {}
            Err(Error::Disconnected { .. } | Error::Conflict { .. }) => writeln!(out, "nothing {id}").unwrap(),
            Err(e) => panic!("{e}"),
        }
    }
}

/// When an operation was called, when it returned, and what it saw: the one before and how many there were.
type Called = (u64, Option<(u64, u64, u64)>);

/// What the processes have written, by the number of the operation.
#[derive(Default)]
pub struct Seen(Arc<Mutex<HashMap<u64, Called>>>);

/// A process of a machine, killed when dropped.
pub struct Process {
    child: Child,
    reader: Option<std::thread::JoinHandle<()>>,
}

/// Makes a command of this program run the test `child` as that process.
fn order(command: &mut Command, dir: &Path, url: &str, number: u64) {
    command.args(["child", "--exact", "--nocapture"]).env(CHILD, format!("{} {url} {number}", dir.display()));
}

impl Process {
    /// Starts a process. `command` runs this program on the machine; `number` is 1 or more, and no other process has it.
    pub fn start(mut command: Command, dir: &Path, url: &str, number: u64, seen: &Seen) -> Process {
        order(&mut command, dir, url, number);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (out, seen) = (child.stdout.take().unwrap(), Arc::clone(&seen.0));
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
        Process { child, reader: Some(reader) }
    }

    /// Its number in the system.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.reader.take().map(std::thread::JoinHandle::join);
    }
}

/// Brings a machine up to date, of which no process runs any more.
pub fn catch_up(mut command: Command, dir: &Path, url: &str) {
    order(&mut command, dir, url, LOOK);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

impl Seen {
    /// How many updates were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.0.lock().unwrap().values().filter(|(_, saw)| saw.is_some()).count()
    }

    /// Checks that the machines of those directories have the same, and that it is what updates one after the other have made: each one
    /// that was acknowledged once, where its process saw it. All machines are up to date, and no process runs. Returns figures.
    pub fn check(&self, dirs: &[PathBuf]) -> String {
        let content = |dir: &PathBuf| State::<Board>::open(dir.join("state")).unwrap().snapshot().unwrap();
        let first = content(&dirs[0]);
        for (n, dir) in dirs.iter().enumerate() {
            let other = content(dir);
            let same = first.all.iter().zip(other.all.iter()).take_while(|(a, b)| a == b).count();
            let (ours, theirs) = (first.all.len(), other.all.len());
            assert!(
                (first.last, first.count, ours) == (other.last, other.count, theirs) && same == ours,
                "machine {n} has {theirs} updates, and the first one {ours}, of which {same} are the same"
            );
        }
        // And what else a state has: nothing that means something differs.
        let content = |dir: &PathBuf| DynState::open(dir.join("state")).unwrap().to_json("").unwrap();
        let json = content(&dirs[0]);
        assert!(dirs.iter().all(|dir| content(dir) == json), "machines differ");

        // What was acknowledged is there, and what has not happened is not.
        let all: Vec<u64> = first.all.to_vec();
        let places: HashMap<u64, usize> = all.iter().enumerate().map(|(n, id)| (*id, n)).collect();
        assert_eq!(places.len(), all.len(), "an update has happened twice");
        let seen = self.0.lock().unwrap();
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
        let acknowledged = seen.values().filter(|(_, saw)| saw.is_some()).count();
        let in_doubt = seen.len() - acknowledged;
        format!("{acknowledged} updates were acknowledged, {in_doubt} in doubt, {} in the state", all.len())
    }
}
