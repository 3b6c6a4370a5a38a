//! What the example programs share: a name that is cleaned up, and processes that do not outlive their parent.
//!
//! Every example starts itself again for its processes. A handle does not cross a `fork`, and need not: a process opens
//! the state by its name.

pub mod requests;

use anyhow::{Context, Result, ensure};
use std::os::unix::process::parent_id;
use std::process::{Child, Command, ExitStatus};

/// The name of a state for this run alone; the state is removed at the end, also after an error and on Ctrl-C.
///
/// A long-lived service would have a fixed name instead, open it with [`open_or_create`](shmstate::State::open_or_create),
/// and leave it there: a state outlives its processes.
pub struct Temporary {
    name: String,
}

impl Temporary {
    /// A fresh name that begins with `program`.
    ///
    /// # Errors
    /// If Ctrl-C cannot be caught, or is caught already.
    pub fn new(program: &str) -> Result<Self> {
        Self::called(format!("{program}-{}", std::process::id()))
    }

    /// This very name.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn called(name: String) -> Result<Self> {
        let left = name.clone();
        ctrlc::set_handler(move || {
            let _ = shmstate::remove(&left);
            std::process::exit(130);
        })
        .context("cannot catch Ctrl-C")?;
        Ok(Temporary { name })
    }

    /// The name, for `State::create` here and `State::open` elsewhere.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing to remove if the program failed before it had created the state.
        let _ = shmstate::remove(&self.name);
    }
}

/// The command that runs this program again.
///
/// # Errors
/// If the system does not say which file that is.
pub fn this_program() -> Result<Command> {
    Ok(Command::new(std::env::current_exe().context("cannot find this program's file")?))
}

/// A process of ours; it is killed when the value goes, so that an error in the parent leaves none behind.
pub struct Process(Child);

impl Process {
    /// Starts `command`.
    ///
    /// # Errors
    /// What the system says.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        Ok(Process(command.spawn().with_context(|| format!("cannot start {command:?}"))?))
    }

    /// The process itself.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    /// What the system says.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.0.try_wait().context("cannot wait for a child process")
    }

    /// Kills it with SIGKILL, and waits until it is gone.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(&mut self) -> Result<()> {
        self.0.kill().context("cannot kill a child process")?;
        self.0.wait().context("cannot wait for a child process")?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Whether all have ended.
///
/// # Errors
/// If one has failed.
pub fn all_ended(processes: &mut [Process]) -> Result<bool> {
    let mut all = true;
    for process in processes {
        match process.ended()? {
            None => all = false,
            Some(status) => ensure!(status.success(), "a process failed: {status}"),
        }
    }
    Ok(all)
}

/// The parent of a child process, to notice that it is gone.
pub struct Parent(u32);

impl Parent {
    /// The parent of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Parent(parent_id())
    }

    /// Whether it still runs.
    #[must_use]
    pub fn lives(&self) -> bool {
        parent_id() == self.0
    }
}

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
