//! From the command line to the exit status.

use crate::campaign::Campaign;
use crate::ops::Op;
use crate::report::{self, Row};
use crate::scenario::Wrong;
use crate::settings::{Args, Settings};
use crate::trace::NotPermitted;
use crate::{Fallible, child};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::Path;
use std::process::ExitCode;

/// Where regions lie: memory, if there is such a place.
const TMPFS: &str = "/dev/shm";

pub(crate) fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    if let [_, role, op, path, copies, seed] = &words[..]
        && role == "child"
        && let (Ok(op), Ok(copies), Ok(seed)) = (Op::from_str(op, false), copies.parse(), seed.parse())
    {
        child::run(op, Path::new(path), copies, seed)
    }
    let args = Args::parse();
    match campaigns(&Settings::from(&args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) if error.is::<NotPermitted>() => {
            println!("skipped: {error}");
            ExitCode::SUCCESS
        }
        Err(error) if error.is::<Wrong>() => {
            println!("caught {error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Everything that was asked for. Returns whether nothing was found.
fn campaigns(settings: &Settings) -> Fallible<bool> {
    stay_on_one_processor();
    let dir =
        tempfile::Builder::new().prefix("step-").tempdir_in(if Path::new(TMPFS).is_dir() { TMPFS } else { "." })?;
    let progress = ProgressBar::new((settings.copies.len() * settings.operations.len()) as u64);
    progress.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")?);
    let mut rows: Vec<Row> = vec![];
    'all: for &copies in &settings.copies {
        let mut campaign = Campaign::new(settings, &progress, copies, dir.path())?;
        for &op in &settings.operations {
            if campaign.has(op) {
                rows.push(campaign.run(op)?);
            }
            progress.inc(1);
            if rows.last().is_some_and(|row| row.stop(settings)) {
                break 'all;
            }
        }
    }
    progress.finish_and_clear();
    if !settings.until_violation {
        report::print(&rows)?;
    }
    Ok(rows.iter().all(|row| row.violations == 0))
}

/// This process and its children take turns, so that a second processor only costs time for waking it.
fn stay_on_one_processor() {
    use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
    let here = sched_getcpu().and_then(|here| {
        let mut set = CpuSet::new();
        set.set(here)?;
        sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)
    });
    // It only takes longer otherwise.
    let _ = here;
}
