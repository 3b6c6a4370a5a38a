//! What goes wrong, and the exit status that says so to a script.

use shmstate::{Error, ErrorKind};
use std::fmt;
use std::process::ExitCode;

/// The exit statuses, for the help.
pub const STATUSES: &str = "\
Exit status:
  0  done; the answer is yes
  1  the answer is no: `diff` found a difference, `verify` damage, `doctor` something odd
  2  the command line is wrong
  3  there is no such region
  4  the region cannot be used: it is damaged, or of another format, or not permitted
  5  other processes keep it busy, or have it open
  6  the path leads nowhere, or the value does not fit
  7  anything else";

/// Why a command did not get to its end.
pub enum Failure {
    /// What the library says.
    Library(Error),
    /// What a migration would lose.
    Loss(Error),
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
            Failure::Library(error) | Failure::Loss(error) => match error.kind() {
                ErrorKind::NotFound => 3,
                ErrorKind::Corrupt
                | ErrorKind::UnknownFormat
                | ErrorKind::Rebooted
                | ErrorKind::NotAFile
                | ErrorKind::LayoutMismatch
                | ErrorKind::Permission
                | ErrorKind::Retired => 4,
                ErrorKind::Busy => 5,
                ErrorKind::InvalidPath | ErrorKind::InvalidValue | ErrorKind::Full | ErrorKind::InvalidName => 6,
                _ => 7,
            },
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Library(error) => error.fmt(f),
            Failure::Loss(error) => write!(f, "{error}\nHere that is `--allow-loss PATH`, for each path."),
            Failure::Argument(why) => f.write_str(why),
            Failure::Output(error) => write!(f, "cannot write the output: {error}"),
            Failure::InUse(processes) => {
                write!(f, "processes have the region open: {processes}; end them, or add `--force`")
            }
            Failure::Gone(name) => write!(f, "`{name}` is another region by now, or none: watch it again"),
            Failure::File(path, error) => write!(f, "{path}: {error}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Library(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Output(error)
    }
}
