//! Processes that are killed, and machines that are restarted: what was acknowledged is there.

use shmstate::{List, SharedLayout};
use shmstate_durable::DurableState;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Where a child finds the state, and which one it is.
const CHILD: &str = "SHMSTATE_DURABLE_CHILD";

const CHILDREN: usize = 4;

/// How long the test waits for something that has to come.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(SharedLayout)]
#[repr(C)]
struct Counts {
    /// Of each child.
    counts: [u64; CHILDREN],
    total: u64,
    /// The children, in the order of their updates.
    order: List<u8, 200_000>,
}

fn open(dir: &Path) -> DurableState<Counts> {
    let options = DurableState::<Counts>::options().interval(Duration::from_millis(20)).timeout(PATIENCE);
    options.open(dir.join("counts"), dir.join("stores")).unwrap()
}

/// A child, unless it is the test that runs this: counts until it is killed, and says what is on disk.
#[test]
fn child() {
    let Some(place) = std::env::var_os(CHILD) else { return };
    let (dir, me) = (PathBuf::from(&place), PathBuf::from(place));
    let (dir, me) = (dir.parent().unwrap(), me.file_name().unwrap().to_str().unwrap().parse::<usize>().unwrap());
    let state = open(dir);
    let mut out = std::io::stdout();
    loop {
        let count = |s: &mut Counts| {
            s.counts[me] += 1;
            s.total += 1;
            let _ = s.order.push(me as u8);
            s.counts[me]
        };
        if state.version().unwrap().is_multiple_of(3) {
            state.update(count).unwrap();
        }
        let count = state.update_durable(count).unwrap();
        // Not by `println`, which the harness may keep.
        writeln!(out, "on disk: {count}").unwrap();
    }
}

struct Counting {
    child: Child,
    reader: Option<std::thread::JoinHandle<()>>,
}

fn start(dir: &Path, me: usize, acknowledged: &Arc<[AtomicU64; CHILDREN]>) -> Counting {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).env(CHILD, dir.join(me.to_string()));
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (out, acknowledged) = (child.stdout.take().unwrap(), Arc::clone(acknowledged));
    let read = move || {
        for line in BufReader::new(out).lines() {
            let Ok(line) = line else { return };
            if let Some(count) = line.strip_prefix("on disk: ").and_then(|count| count.parse().ok()) {
                acknowledged[me].fetch_max(count, Relaxed);
            }
        }
    };
    Counting { child, reader: Some(std::thread::spawn(read)) }
}

impl Counting {
    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }
}

/// Checks a state against what was acknowledged.
fn check(state: &DurableState<Counts>, acknowledged: &[AtomicU64; CHILDREN]) {
    let check = |s: &Counts| {
        for (me, acknowledged) in acknowledged.iter().enumerate() {
            let acknowledged = acknowledged.load(Relaxed);
            assert!(s.counts[me] >= acknowledged, "child {me}: {} of {acknowledged} are there", s.counts[me]);
            assert_eq!(s.order.iter().filter(|child| usize::from(**child) == me).count() as u64, s.counts[me]);
        }
        assert_eq!(s.counts.iter().sum::<u64>(), s.total);
    };
    state.read(check).unwrap();
}

#[test]
fn what_was_acknowledged_is_there_after_kills_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
    let all = |of: &[AtomicU64; CHILDREN]| of.iter().map(|count| count.load(Relaxed)).sum::<u64>();
    let mut children: Vec<Counting> = (0..CHILDREN).map(|me| start(dir.path(), me, &acknowledged)).collect();
    let mut restarts = 0;
    for round in 0..20 {
        // Some more, whichever process writes by now.
        let (goal, until) = (all(&acknowledged) + 5 + round % 7 * 4, Instant::now() + PATIENCE);
        while all(&acknowledged) < goal {
            assert!(Instant::now() < until, "round {round}: {} of {goal} are acknowledged", all(&acknowledged));
            std::thread::sleep(Duration::from_millis(1));
        }
        if round % 5 < 3 {
            let me = (round * 7 / 2) as usize % CHILDREN;
            children[me].kill();
            children[me] = start(dir.path(), me, &acknowledged);
            continue;
        }
        children.iter_mut().for_each(Counting::kill);
        if round % 5 == 4 {
            shmstate_durable::remove(dir.path().join("counts")).unwrap();
            restarts += 1;
        }
        let state = open(dir.path());
        check(&state, &acknowledged);
        assert!(state.durable_version().unwrap() <= state.version().unwrap());
        drop(state);
        children = (0..CHILDREN).map(|me| start(dir.path(), me, &acknowledged)).collect();
    }
    children.iter_mut().for_each(Counting::kill);
    shmstate_durable::remove(dir.path().join("counts")).unwrap();
    check(&open(dir.path()), &acknowledged);
    println!("{} updates were acknowledged, with {} restarts", all(&acknowledged), restarts + 1);
}
