//! Python's `multiprocessing`, in a process of its own that is told over a pipe what to do how often.

use super::Peer;
use crate::op::Op;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

struct Python {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

/// Whether there is one.
pub fn found() -> bool {
    let run =
        Command::new("python3").args(["-c", "import multiprocessing.shared_memory"]).stderr(Stdio::null()).status();
    run.is_ok_and(|status| status.success())
}

pub fn open(kind: &str, bytes: usize) -> Result<Box<dyn Peer>> {
    let mut script = tempfile::NamedTempFile::with_suffix(".py")?;
    script.write_all(include_bytes!("python.py"))?;
    let mut child = Command::new("python3")
        .arg(script.path())
        .args([kind, &(bytes / 8).to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let to = child.stdin.take();
    let from = BufReader::new(child.stdout.take().context("a pipe")?);
    let mut this = Python { child, to, from };
    this.answer()?; // the script is read by now
    Ok(Box::new(this))
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
