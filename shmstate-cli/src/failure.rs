//! What goes wrong, and the exit status that says so to a script.

use crate::wording;
use shmstate::{Error, ErrorKind};
use shmstate_durable::Error as Store;
use std::fmt;
use std::process::ExitCode;

/// What stands at the end of the help.
pub const STATUSES: &str = "\
Examples:
  shmstate ls
  shmstate show board
  shmstate watch board ticks 'rooms[3].name'
  shmstate set board ticks 7 --dry-run

\
Exit status:
  0  done; the answer is yes
  1  the answer is no: `diff` found a difference, `verify` damage, `doctor` something odd
  2  the command line is wrong
  3  there is no such region, or store
  4  the region or the store cannot be used: it is damaged, or of another format, or not permitted
  5  other processes keep it busy, or have it open
  6  the path leads nowhere, or the value does not fit
  7  anything else";

/// Why a command did not get to its end.
pub enum Failure {
    /// What the library says.
    Library(Error),
    /// What the library says of a store.
    Store(Store),
    /// An argument is not what it has to be.
    Argument(String),
    /// The output cannot be written.
    Output(std::io::Error),
    /// These processes have the region open.
    InUse(String),
    /// The name of a region that is watched leads to another one, or to none.
    Gone(String),
    /// A file cannot be used.
    File(String, std::io::Error),
}

impl Failure {
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Argument(_) => 6,
            Failure::InUse(_) => 5,
            Failure::Gone(_) => 3,
            Failure::Output(_) | Failure::File(..) => 7,
            Failure::Store(error) => match error {
                Store::NoStore { .. } => 3,
                Store::Damaged { .. } | Store::Unrelated { .. } | Store::OtherStore { .. } => 4,
                Store::Held { .. } => 5,
                _ => 7,
            },
            Failure::Library(error) => match error.kind() {
                ErrorKind::NotFound => 3,
                ErrorKind::Corrupt
                | ErrorKind::UnknownFormat
                | ErrorKind::Rebooted
                | ErrorKind::NotAFile
                | ErrorKind::LayoutMismatch
                | ErrorKind::Permission
                | ErrorKind::Retired => 4,
                ErrorKind::Busy => 5,
                // All options that the library is given stand on the command line.
                ErrorKind::InvalidOption => 2,
                ErrorKind::InvalidPath | ErrorKind::InvalidValue | ErrorKind::Full | ErrorKind::InvalidName => 6,
                _ => 7,
            },
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Library(error) => {
                f.write_str(&wording::of_command(&error.to_string()))?;
                // Other damage is found by opening, and has its advice.
                let is_content = error.kind() == ErrorKind::Corrupt && error.path().is_none();
                if is_content { f.write_str("; the state is damaged: see `shmstate doctor NAME`") } else { Ok(()) }
            }
            Failure::Store(error) => error.fmt(f),
            Failure::Argument(why) => f.write_str(why),
            Failure::Output(error) => write!(f, "cannot write the output: {error}{}", advice(error)),
            Failure::InUse(processes) => {
                write!(f, "processes have the region open: {processes}; end them, or add `--force`")
            }
            Failure::Gone(name) => write!(f, "`{name}` is another region by now, or none: watch it again"),
            Failure::File(path, error) => write!(f, "{path}: {error}{}", advice(error)),
        }
    }
}

/// What to do; empty where what the system says is enough.
fn advice(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => ": raise the limit on the size of a file (`ulimit -f`)",
        _ => "",
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

impl From<Store> for Failure {
    fn from(error: Store) -> Self {
        match error {
            Store::State(error) => Failure::Library(error),
            error => Failure::Store(error),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Output(error)
    }
}
