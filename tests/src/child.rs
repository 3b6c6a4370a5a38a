//! Another process, which obeys commands, and can be stopped and killed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before it counts as stuck.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running `child`. Killed when dropped.
pub struct Child {
    process: process::Child,
    lines: Receiver<String>,
}

/// How a child ended.
#[derive(Debug)]
pub struct Fate {
    /// What `wait` said.
    pub status: ExitStatus,
    /// What it had printed and was not read.
    pub lines: Vec<String>,
}

impl Child {
    /// Starts the program with these arguments.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start(program: impl AsRef<OsStr>, args: &[&OsStr]) -> Child {
        Child::start_command(Command::new(program).args(args))
    }

    /// Starts the command.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn start_command(command: &mut Command) -> Child {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a child");
        let stdout = BufReader::new(process.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        // Ends with the child's output.
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Child { process, lines }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> libc::pid_t {
        self.process.id().cast_signed()
    }

    /// The next line that it prints; `None` if it ends instead.
    ///
    /// # Panics
    /// If it does neither for [`PATIENCE`].
    #[must_use]
    pub fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("the child is silent"),
        }
    }

    /// The next line that it prints, however long that takes; `None` if it ends instead.
    #[must_use]
    pub fn patient_line(&self) -> Option<String> {
        self.lines.recv().ok()
    }

    /// Waits for that very line.
    ///
    /// # Panics
    /// If another one comes.
    pub fn expect(&self, line: &str) {
        assert_eq!(self.line().as_deref(), Some(line));
    }

    /// Lets it go on: it waits for a line wherever it has to hold.
    pub fn go(&mut self) {
        if let Some(stdin) = &mut self.process.stdin {
            // One that is dead already needs no word.
            let _ = stdin.write_all(b"go\n");
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: a child that has not been waited for: the number is its own.
        unsafe { libc::kill(self.pid(), signal) };
    }

    /// Stops it, and returns once it is.
    ///
    /// # Panics
    /// If it ends instead.
    pub fn stop(&self) {
        self.signal(libc::SIGSTOP);
        let mut status = 0;
        // SAFETY: a child of this process; with WUNTRACED, one that is stopped stays to be waited for.
        let pid = unsafe { libc::waitpid(self.pid(), &raw mut status, libc::WUNTRACED) };
        assert!(pid == self.pid() && libc::WIFSTOPPED(status), "it was to stop");
    }

    /// Whether it has not ended by itself.
    ///
    /// # Panics
    /// If that cannot be found out.
    pub fn lives(&mut self) -> bool {
        self.process.try_wait().expect("a child").is_none()
    }

    /// Kills it, and returns once it is gone.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Waits until it ends by itself.
    ///
    /// # Panics
    /// If it does not for [`PATIENCE`].
    #[must_use]
    pub fn fate(mut self) -> Fate {
        let since = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("a child") {
                return Fate { status, lines: self.lines.iter().collect() };
            }
            if since.elapsed() > PATIENCE * 4 {
                let lines: Vec<_> = self.lines.try_iter().collect();
                panic!("the child does not end; it said {lines:?}");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until it ends by itself, and wants it to be content.
    ///
    /// # Panics
    /// If it is not. What it printed to the error output is in the test's.
    pub fn succeed(self) -> Vec<String> {
        let fate = self.fate();
        assert!(fate.status.success(), "{} after {:?}", fate.status, fate.lines);
        fate.lines
    }

    /// Waits until it ends, and wants it to be killed by that signal.
    ///
    /// # Panics
    /// If it ends otherwise.
    pub fn die(self, signal: libc::c_int) {
        let fate = self.fate();
        assert_eq!(fate.status.signal(), Some(signal), "{} after {:?}", fate.status, fate.lines);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// `child!["command", argument, ...]` starts this package's helper program.
#[macro_export]
macro_rules! child {
    ($($arg:expr),+ $(,)?) => {
        $crate::Child::start(env!("CARGO_BIN_EXE_child"), &[$(::std::convert::AsRef::<::std::ffi::OsStr>::as_ref(&$arg)),+])
    };
}
