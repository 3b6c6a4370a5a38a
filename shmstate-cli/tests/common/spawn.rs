//! Starting programs from several threads of one process.

use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

static STARTING: Mutex<()> = Mutex::new(());

/// Runs a program to its end. Before it begins, a child of this process has what the process has open, whichever thread opened
/// it: so no other one begins while this one does, and a region that a test has closed is open nowhere.
pub fn output(command: &mut Command) -> Output {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    begin(command).wait_with_output().unwrap()
}

/// Begins a program, as [`output`] does.
pub fn begin(command: &mut Command) -> Child {
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    command.spawn().unwrap()
}
