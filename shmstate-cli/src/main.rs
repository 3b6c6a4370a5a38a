//! The command `shmstate`: looks into the states of running programs, and changes them, by the schema that each region carries.
//!
//! `shmstate --help` lists what it does.

mod args;
mod commands;
mod document;
mod failure;
mod given;
mod history;
mod json_file;
mod lines;
mod processes;
mod progress;
mod regions;
mod screen;
mod wording;

use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    // For the life of the process, whose last act is to write what is left of the output.
    std::mem::forget(shmstate::FileLimit::as_error());
    match commands::run(args::Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // What read the output has seen enough.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            anstream::eprintln!("shmstate: {failure}");
            failure.code()
        }
    }
}
