//! A supervisor and its workers share a state that has no name: no other process can find it, and nothing is left over.
//!
//! The supervisor makes the state, and gives each worker a descriptor of it as standard input. One worker is killed in
//! the middle of an update; the others go on.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use shmstate::{List, SharedLayout, State, Text};
use shmstate_examples::{Process, all_ended, this_program};
use std::process::Stdio;
use std::time::Duration;

/// What the supervisor and its workers know.
#[derive(SharedLayout)]
#[repr(C)]
struct Jobs {
    /// Numbers that are not taken yet.
    waiting: List<u64, 1024>,
    /// What became of them.
    results: List<Done, 1024>,
}

/// A finished job.
#[derive(SharedLayout, Clone)]
#[repr(C)]
struct Done {
    number: u64,
    largest_factor: u64,
    worker: Text<16>,
}

/// Workers factor numbers from a queue in shared memory that has no name.
#[derive(Parser)]
struct Options {
    /// How many workers to start.
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// How many numbers to factor, at most 1024.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u64).range(1..=1024))]
    jobs: u64,
    /// A worker, of that name: what the supervisor starts.
    #[arg(long, hide = true)]
    worker: Option<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    match options.worker {
        Some(name) => work(&name),
        None => supervise(&options),
    }
}

fn supervise(options: &Options) -> Result<()> {
    let jobs = State::<Jobs>::options()
        .init(|s| {
            for n in 0..options.jobs {
                // There is room: the number of jobs was checked.
                let _ = s.waiting.push(1_000_000_007 * (n + 2));
            }
        })
        .anonymous()?;
    println!("the state has no name: {} jobs for {} workers and one that is killed", options.jobs, options.workers);
    let start = |name: &str| -> Result<Process> {
        // The descriptor is the child's standard input, and thereby its alone.
        Process::spawn(this_program()?.args(["--worker", name]).stdin(Stdio::from(jobs.share()?)))
    };
    let mut unlucky = start("unlucky")?;
    while unlucky.ended()?.is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    ensure!(jobs.read(|s| s.waiting.len())? == options.jobs as usize, "a job is lost");
    let mut workers = (1..=options.workers).map(|n| start(&format!("worker {n}"))).collect::<Result<Vec<_>>>()?;
    while !all_ended(&mut workers)? {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (left, results) = jobs.read(|s| (s.waiting.len(), s.results.to_vec()))?;
    ensure!(left == 0 && results.len() == options.jobs as usize, "a job is lost");
    for n in 1..=options.workers {
        let name = format!("worker {n}");
        let mine = results.iter().filter(|done| done.worker == name.as_str());
        println!(
            "{name}: {} jobs, the largest factor {}",
            mine.clone().count(),
            mine.map(|d| d.largest_factor).max().unwrap_or(0)
        );
    }
    println!("{} updates, {} recovery from a death", jobs.version()?, jobs.stats()?.recoveries);
    Ok(())
}

fn work(name: &str) -> Result<()> {
    let jobs = State::<Jobs>::from_fd(std::io::stdin()).context("standard input is to be the state")?;
    // Taken and finished in two updates: what takes long belongs outside of them.
    while let Some(number) = jobs.update(|s| {
        let number = s.waiting.pop();
        if name == "unlucky" {
            std::process::abort(); // the job is back in the queue: nothing of this update has happened
        }
        number
    })? {
        let largest_factor = largest_factor(number);
        let worker = Text::try_from(name).context("a name of at most 16 bytes")?;
        jobs.try_update(|s| s.results.push(Done { number, largest_factor, worker }))??;
    }
    Ok(())
}

fn largest_factor(mut n: u64) -> u64 {
    let mut divisor = 2;
    while divisor * divisor <= n {
        if n.is_multiple_of(divisor) { n /= divisor } else { divisor += 1 }
    }
    n
}
