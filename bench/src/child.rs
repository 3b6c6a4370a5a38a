//! This binary, started again: a process that does one thing to the state of another one.

use crate::measure::timed;
use crate::op::Op;
use crate::peers::{Kind, Peer};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Role {
    /// Reads the last item and the counter.
    Reader,
    /// Updates them.
    Writer,
    /// Updates them, and a random item.
    Rover,
    /// Stays in each read.
    Holder,
    /// Attaches and reads, twice, and says how long the second time took.
    Attacher,
    /// Begins an update and never ends it.
    Victim,
}

/// A command to a child.
#[derive(Args, Clone)]
pub struct Orders {
    #[arg(long)]
    pub kind: Kind,
    #[arg(long)]
    pub dir: PathBuf,
    #[arg(long)]
    pub bytes: usize,
    #[arg(long)]
    pub role: Role,
    /// The core to stay on.
    #[arg(long)]
    pub core: usize,
    /// How long a holder stays.
    #[arg(long)]
    pub stay: u64,
    /// For how long it does the same before.
    #[arg(long)]
    pub warm_up: u64,
}

impl Orders {
    /// A child that neither stays nor warms up.
    pub fn new(kind: Kind, dir: &Path, bytes: usize, role: Role, core: usize) -> Orders {
        Orders { kind, dir: dir.to_owned(), bytes, role, core, stay: 0, warm_up: 0 }
    }
}

impl Role {
    pub fn writes(self) -> bool {
        matches!(self, Role::Writer | Role::Rover)
    }

    fn op(self) -> Op {
        match self {
            Role::Writer => Op::UpdateLast,
            Role::Rover => Op::UpdateFar,
            _ => Op::ReadLast,
        }
    }
}

/// What a child has to say.
#[derive(Serialize, Deserialize, Default, Debug)]
pub struct Outcome {
    pub done: u64,
    /// What it did before the start.
    #[serde(default)]
    pub before: u64,
    pub torn: u64,
    /// What it took, in nanoseconds.
    pub time: f64,
    /// Latencies in nanoseconds: p50, p99, p99.9, the longest.
    pub latencies: [u64; 4],
}

/// Each so-manieth operation is timed by itself.
const SAMPLED: u64 = 8;

/// The child's side.
pub fn serve(orders: &Orders) -> Result<()> {
    let say = |what: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{what}")?;
        out.flush()
    };
    if orders.role == Role::Attacher {
        let attach = || {
            let mut peer = orders.kind.attach(&orders.dir, orders.bytes)?;
            let torn = peer.run(Op::ReadLast, 0..1)?;
            anyhow::Ok((peer, torn))
        };
        drop(attach()?); // reads the program's own pages, too
        let (attached, time) = timed(attach);
        let outcome = Outcome { done: 1, torn: attached?.1, time, ..Outcome::default() };
        say(&serde_json::to_string(&outcome)?)?;
        return Ok(());
    }
    stay_on(orders.core);
    let mut peer = orders.kind.attach(&orders.dir, orders.bytes)?;
    if orders.role == Role::Victim {
        return peer.hang_in_update(&mut || drop(say("ready")));
    }
    let mut done = 0;
    if orders.role.writes() {
        // Becomes the writer, where there is only one, and touches what it will touch.
        let (start, time) = (Instant::now(), Duration::from_millis(orders.warm_up));
        while done == 0 || start.elapsed() < time {
            peer.run(orders.role.op(), done..done + 1)?;
            done += 1;
        }
    }
    peer.run(Op::ReadLast, 0..1)?;
    say("ready")?;
    let mut before = done;
    for millis in std::io::stdin().lines() {
        let mut outcome = perform(&mut *peer, orders, done, millis?.parse()?)?;
        done += outcome.done;
        outcome.before = std::mem::take(&mut before);
        say(&serde_json::to_string(&outcome)?)?;
    }
    Ok(())
}

/// Does it until the time is over; that many are done.
fn perform(peer: &mut dyn Peer, orders: &Orders, before: u64, millis: u64) -> Result<Outcome> {
    let (op, mut done, mut torn) = (orders.role.op(), before, 0);
    let mut latencies = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3)?;
    let (start, time) = (Instant::now(), Duration::from_millis(millis));
    while start.elapsed() < time {
        if orders.role == Role::Holder {
            torn += peer.hold(Duration::from_millis(orders.stay))?;
            done += 1;
            continue;
        }
        let begin = Instant::now();
        torn += peer.run(op, done..done + 1)?;
        let latency = begin.elapsed();
        latencies.saturating_record(latency.as_nanos() as u64);
        done += 1;
        // A slow peer must not overrun its time.
        if latency < Duration::from_millis(1) {
            torn += peer.run(op, done..done + SAMPLED - 1)?;
            done += SAMPLED - 1;
        }
    }
    let time = start.elapsed().as_nanos() as f64;
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|q| latencies.value_at_quantile(q));
    Ok(Outcome { done: done - before, before: 0, torn, time, latencies: [p50, p99, p999, latencies.max()] })
}

/// Keeps the calling thread on one core.
pub fn stay_on(core: usize) {
    // SAFETY: a set of zeroes is an empty one.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: a set of our own.
    unsafe { libc::CPU_SET(core % libc::CPU_SETSIZE as usize, &mut set) };
    // SAFETY: as above. Where it is refused, the process goes where it likes.
    unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
}

/// The parent's side: a child that is killed when it is let go.
pub struct Process {
    child: Child,
    from: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(orders: &Orders) -> Result<Process> {
        let value = |value: &dyn ValueName| value.name();
        let Orders { kind, dir, bytes, role, core, stay, warm_up } = orders;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("child")
            .args(["--kind", &value(kind), "--role", &value(role)])
            .args(["--bytes", &bytes.to_string(), "--core", &core.to_string()])
            .args(["--stay", &stay.to_string(), "--warm-up", &warm_up.to_string()])
            .arg("--dir")
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let from = BufReader::new(child.stdout.take().context("a pipe")?);
        Ok(Process { child, from })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        if line.is_empty() {
            let mut why = String::new();
            std::io::Read::read_to_string(self.child.stderr.as_mut().context("a pipe")?, &mut why)?;
            bail!("{}", why.lines().next().unwrap_or("a child has ended"));
        }
        Ok(line)
    }

    pub fn wait_until_ready(&mut self) -> Result<()> {
        self.line().map(drop)
    }

    /// Lets it take part for that long; may be called more than once.
    pub fn go(&mut self, time: Duration) -> Result<()> {
        Ok(writeln!(self.child.stdin.as_mut().context("a pipe")?, "{}", time.as_millis())?)
    }

    pub fn outcome(&mut self) -> Result<Outcome> {
        Ok(serde_json::from_str(&self.line()?)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The name of a value on the command line.
trait ValueName {
    fn name(&self) -> String;
}

impl<T: ValueEnum> ValueName for T {
    fn name(&self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
