//! A counter that survives the removal of its regions, as a restart of the machine removes them.
//!
//! In each round, several processes count, each time until the count is on disk, and one of them is killed. Then the regions are
//! removed, and the next round goes on with what is on disk: no count that a process was assured of is missing.
//!
//! `cargo run --release --example durable_counter -- --rounds 3 --workers 3 --counts 50`

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use shmstate::{Array, SharedLayout};
use shmstate_durable::DurableState;
use shmstate_examples::{Parent, Process, this_program};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// The most workers.
const WORKERS: usize = 16;

#[derive(SharedLayout)]
#[repr(C)]
struct Counter {
    total: u64,
    each: Array<u64, WORKERS>,
}

/// Counts in several processes, and removes the regions after each round.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// How often the regions are removed.
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(2..=WORKERS as u64))]
    workers: u64,
    /// Counts of each worker in a round.
    #[arg(long, default_value_t = 50)]
    counts: u64,
}

#[derive(Subcommand)]
enum Role {
    /// What each worker runs.
    #[command(hide = true)]
    Work { dir: PathBuf, worker: usize, counts: u64 },
}

/// The state, in that directory: its regions and its store. A service has a name for the regions, which lie in memory, and a
/// directory on disk for the store.
fn open(dir: &Path) -> Result<DurableState<Counter>> {
    Ok(DurableState::open(dir.join("counter"), dir.join("stores"))?)
}

fn main() -> Result<()> {
    let args = Args::parse();
    match args.role {
        Some(Role::Work { ref dir, worker, counts }) => work(dir, worker, counts),
        None => run(&args),
    }
}

fn work(dir: &Path, worker: usize, counts: u64) -> Result<()> {
    let (parent, counter, mut out) = (Parent::of_this_process(), open(dir)?, std::io::stdout());
    for _ in 0..counts {
        let count = counter.update_durable(|s| {
            s.total += 1;
            s.each[worker] += 1;
            s.each[worker]
        })?;
        // The parent believes it: it is on disk.
        writeln!(out, "{count}")?;
        if !parent.lives() {
            break;
        }
    }
    Ok(())
}

fn run(args: &Args) -> Result<()> {
    let place = tempfile::tempdir()?;
    let dir = place.path();
    println!("the state is {}", dir.join("counter").display());
    let mut assured = [0; WORKERS];
    for round in 1..=args.rounds {
        let mut workers = Vec::new();
        for worker in 0..args.workers as usize {
            let mut command = this_program()?;
            command.arg("work").arg(dir);
            command.args([worker.to_string(), args.counts.to_string()]).stdout(Stdio::piped());
            workers.push(Process::spawn(&mut command)?);
        }
        for (worker, process) in workers.iter_mut().enumerate() {
            let lines = BufReader::new(process.child().stdout.take().context("the worker's output")?).lines();
            for (n, line) in lines.enumerate() {
                assured[worker] = line?.parse()?;
                // The first one does not come to its end.
                if worker == 0 && n as u64 == args.counts / 2 {
                    process.child().kill()?;
                }
            }
            process.child().wait()?;
        }
        shmstate_durable::remove(dir.join("counter"))?;
        let counter = open(dir)?;
        let (total, version) = counter.read_versioned(|s, version| (s.total, version))?;
        for (worker, assured) in assured.iter().enumerate() {
            let count = counter.read(|s| s.each[worker])?;
            ensure!(count >= *assured, "worker {worker} was assured of {assured}, and {count} are there");
        }
        println!(
            "round {round}: one worker killed, the regions removed; restored at version {version}: {total} counts"
        );
    }
    println!("no count is missing that a worker was assured of");
    Ok(())
}
