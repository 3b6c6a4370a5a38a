//! Python's `multiprocessing`, in processes of its own: commands come over a pipe: what to do how often, or which processes to run together.

use super::{Kind, Peer};
use crate::child::{Outcome, Role};
use crate::op::Op;
use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;
use tempfile::NamedTempFile;

struct Python {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// Whether there is one.
pub fn found() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import multiprocessing.shared_memory"]).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// The script, and how to start it.
fn script(mode: &str, kind: &str, items: usize) -> Result<(NamedTempFile, Command)> {
    let mut file = NamedTempFile::with_suffix(".py")?;
    file.write_all(include_bytes!("python.py"))?;
    let mut python = Command::new("python3");
    python.arg(file.path()).args([mode, kind, &items.to_string()]);
    Ok((file, python))
}

pub fn open(kind: &str, items: usize) -> Result<Box<dyn Peer>> {
    let (script, mut python) = script("serve", kind, items)?;
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let to = child.stdin.take();
    let from = BufReader::new(child.stdout.take().context("a pipe")?);
    let mut this = Python { child, to, from };
    this.answer()?;
    drop(script); // it is read by now
    Ok(Box::new(this))
}

/// Runs the script to its end: its lines.
fn lines(mut python: Command) -> Result<Vec<String>> {
    let output = python.output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}", errors.lines().last().unwrap_or("Python has failed"));
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Lets processes run beside each other; the counter at the end.
pub fn run(kind: Kind, bytes: usize, cast: &[Role], time: Duration, stay: Duration) -> Result<(Vec<Outcome>, u64)> {
    let (_file, mut python) = script("cast", kind.script()?, bytes / 8)?;
    let roles: Vec<String> =
        cast.iter().filter_map(|role| Some(role.to_possible_value()?.get_name().to_owned())).collect();
    python.arg(roles.join(",")).args([time.as_millis().to_string(), stay.as_millis().to_string()]);
    let mut lines = lines(python)?;
    let counter = lines.pop().context("a counter")?.trim().parse()?;
    let outcomes = lines.iter().map(|line| Ok(serde_json::from_str(line)?)).collect::<Result<Vec<Outcome>>>()?;
    ensure!(outcomes.len() == cast.len(), "{} of {} processes have answered", outcomes.len(), cast.len());
    Ok((outcomes, counter))
}

/// Nanoseconds to make a list, to attach to it while others have it open, and while none has; 0 for what cannot be.
pub fn life(kind: Kind, bytes: usize) -> Result<[f64; 3]> {
    let (_file, python) = script("life", kind.script()?, bytes / 8)?;
    let lines = lines(python)?;
    let times = lines.first().context("times")?.split_whitespace().map(str::parse);
    let times = times.collect::<Result<Vec<f64>, _>>()?;
    times.try_into().map_err(|_| anyhow::anyhow!("three times"))
}

impl Python {
    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        if line.is_empty() {
            bail!("Python has ended");
        }
        Ok(line)
    }

    fn ask(&mut self, what: &str, range: Range<u64>) -> Result<String> {
        writeln!(self.to.as_mut().context("a pipe")?, "{what} {} {}", range.start, range.end)?;
        self.answer()
    }
}

impl Peer for Python {
    fn run(&mut self, op: Op, range: Range<u64>) -> Result<u64> {
        Ok(self.timed(op, range)?.0)
    }

    /// By Python's own clock, without the pipe.
    fn timed(&mut self, op: Op, range: Range<u64>) -> Result<(u64, f64)> {
        let time = self.ask(&format!("{op:?}"), range)?;
        Ok((0, time.trim().parse()?))
    }

    fn counter(&mut self) -> Result<u64> {
        let line = self.ask("Counter", 0..0)?;
        Ok(line.trim().parse()?)
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        let line = self.ask("Look", 0..0)?;
        let mut numbers = line.split_whitespace().map(str::parse::<i64>);
        let mut next = || anyhow::Ok(numbers.next().context("two numbers")?? as u64);
        Ok((next()?, next()?))
    }

    fn hold(&mut self, _: Duration) -> Result<u64> {
        bail!("one process only")
    }

    fn hang_in_update(&mut self, _: &mut dyn FnMut()) -> Result<()> {
        bail!("one process only")
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        drop(self.to.take()); // the end of its input ends it
        let _ = self.child.wait();
    }
}
