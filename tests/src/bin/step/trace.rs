//! A child process that runs one instruction at a time.

use crate::Fallible;
use crate::child::NOT_PERMITTED;
use crate::ops::Op;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// Why there is nothing to step.
#[derive(Debug)]
pub(crate) struct NotPermitted;

impl std::fmt::Display for NotPermitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("this system does not permit ptrace")
    }
}

impl std::error::Error for NotPermitted {}

/// A stopped child, between its marks. Killed when dropped.
pub(crate) struct Tracee {
    pid: Pid,
    alive: bool,
    now: Moment,
    /// Whether the instruction at an address is a system call.
    calls: HashMap<u64, bool>,
}

/// A point of an operation, which a second run of it comes to as well.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Moment {
    /// Beginnings and ends of system calls so far.
    calls: u64,
    /// Instructions since the last one.
    steps: u64,
}

impl Moment {
    /// At the so many-th beginning or end of a system call.
    pub(crate) fn at_call(calls: u64) -> Moment {
        Moment { calls, steps: 0 }
    }
}

/// `syscall`, as the low bytes of a word of code.
const CALL: i64 = 0x050f;

/// What one step led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// One instruction has run.
    Done,
    /// The operation is through.
    End,
    /// The child is gone, or got a signal.
    Lost(WaitStatus),
}

impl Tracee {
    /// Starts a child and lets it run to its first mark.
    pub(crate) fn start(op: Op, path: &Path, copies: usize, seed: u64) -> Fallible<Tracee> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["child", &op.name()]).arg(path).args([copies.to_string(), seed.to_string()]);
        // A `rep movs` is one instruction that the processor interrupts after every byte: tens of thousands of states
        // that say no more than those between the stores of a loop. The C library decides by this number of bytes.
        if std::env::var_os("GLIBC_TUNABLES").is_none() {
            let never = "glibc.cpu.x86_rep_movsb_threshold=0x10000000:glibc.cpu.x86_rep_stosb_threshold=0x10000000";
            command.env("GLIBC_TUNABLES", never);
        }
        let pid = Pid::from_raw(i32::try_from(command.spawn()?.id())?);
        let tracee = Tracee { pid, alive: true, now: Moment::default(), calls: HashMap::new() };
        match waitpid(pid, None)? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {
                ptrace::setoptions(pid, ptrace::Options::PTRACE_O_EXITKILL)?;
                Ok(tracee)
            }
            WaitStatus::Exited(_, NOT_PERMITTED) => {
                std::mem::forget(tracee);
                Err(NotPermitted.into())
            }
            other => Err(format!("the child did not come to its mark: {other:?}").into()),
        }
    }

    /// Runs on to where a call of the operating system begins that `is` the one, from call to call; `meanwhile` is asked at
    /// each whether that was all right. Returns whether the call came.
    pub(crate) fn run_to_call(
        &mut self,
        mut is: impl FnMut(libc::user_regs_struct) -> bool,
        mut meanwhile: impl FnMut() -> bool,
    ) -> Fallible<bool> {
        loop {
            match self.resume(ptrace::syscall)? {
                WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
                lost => {
                    self.alive = matches!(lost, WaitStatus::Stopped(..));
                    return Ok(false);
                }
            }
            self.now = Moment::at_call(self.now.calls + 1);
            if !meanwhile() {
                return Ok(false);
            }
            if is(ptrace::getregs(self.pid)?) {
                return Ok(true);
            }
        }
    }

    /// Runs to its end. Returns how many beginnings and ends of system calls there were.
    pub(crate) fn run_through(mut self) -> Fallible<u64> {
        self.run_to_call(|_| false, || true)?;
        Ok(self.now.calls)
    }

    /// Runs to that moment, or to the end. Returns the instructions since the last system call.
    pub(crate) fn run_to(&mut self, moment: Moment) -> Fallible<u64> {
        let mut left = moment.calls;
        if left > 0 {
            let there = |_| {
                left -= 1;
                left == 0
            };
            self.run_to_call(there, || true)?;
        }
        while self.now.steps < moment.steps && self.step()? == Step::Done {}
        Ok(self.now.steps)
    }

    /// Where it is.
    pub(crate) fn moment(&self) -> Moment {
        self.now
    }

    /// How many beginnings and ends of system calls there were so far.
    pub(crate) fn calls(&self) -> u64 {
        self.now.calls
    }

    /// Whether no instruction has run since the last system call.
    pub(crate) fn is_after_call(&self) -> bool {
        self.now.steps == 0
    }

    /// Lets it go on, and waits until it stops. That all processes are halted for a while, and go on, is no event of its own.
    fn resume(&self, how: fn(Pid, Option<Signal>) -> nix::Result<()>) -> Fallible<WaitStatus> {
        loop {
            how(self.pid, None)?;
            match waitpid(self.pid, None)? {
                WaitStatus::Stopped(_, Signal::SIGSTOP | Signal::SIGCONT) => {}
                stopped => return Ok(stopped),
            }
        }
    }

    /// Whether the next instruction is a system call.
    fn is_at_call(&mut self) -> Fallible<bool> {
        let next = ptrace::getregs(self.pid)?.rip;
        if let Some(is) = self.calls.get(&next) {
            return Ok(*is);
        }
        let is = ptrace::read(self.pid, next as ptrace::AddressType)? & 0xffff == CALL;
        self.calls.insert(next, is);
        Ok(is)
    }

    /// Runs one instruction.
    pub(crate) fn step(&mut self) -> Fallible<Step> {
        let calls = self.is_at_call()?;
        Ok(match self.resume(ptrace::step)? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {
                self.now.steps += 1;
                if calls {
                    self.now = Moment::at_call(self.now.calls + 2);
                }
                Step::Done
            }
            WaitStatus::Stopped(_, Signal::SIGILL) => Step::End,
            lost => {
                self.alive = matches!(lost, WaitStatus::Stopped(..));
                Step::Lost(lost)
            }
        })
    }

    /// The instruction that comes next: its distance from where its file is loaded, for `addr2line`.
    pub(crate) fn place(&self) -> String {
        let Ok(registers) = ptrace::getregs(self.pid) else { return "?".into() };
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.pid)).unwrap_or_default();
        let mappings = maps.lines().filter_map(|line| {
            let (from, to) = line.split_once(' ')?.0.split_once('-')?;
            let file = line.split_whitespace().nth(5).unwrap_or("");
            Some((u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?, file))
        });
        let mut loaded = ("", 0);
        for (from, to, file) in mappings {
            if file != loaded.0 {
                loaded = (file, from);
            }
            if (from..to).contains(&registers.rip) {
                let name = file.rsplit('/').next().unwrap_or(file);
                return format!("{name}+{:#x}", registers.rip - loaded.1);
            }
        }
        format!("{:#x}", registers.rip)
    }

    /// Ends it as `kill -9` does, and waits until the kernel has let go of its locks.
    pub(crate) fn kill(mut self) -> Fallible<()> {
        self.end()
    }

    fn end(&mut self) -> Fallible<()> {
        if std::mem::take(&mut self.alive) {
            kill(self.pid, Signal::SIGKILL)?;
            while !matches!(waitpid(self.pid, None)?, WaitStatus::Signaled(..) | WaitStatus::Exited(..)) {}
        }
        Ok(())
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        // No caller is left to report to, and the kernel kills it with its tracer at the latest.
        let _ = self.end();
    }
}
