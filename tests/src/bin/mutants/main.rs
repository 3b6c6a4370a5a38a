//! The proof that the tests can fail: each fault of the catalogue is planted, one at a time, and has to be found by what is
//! said to find it, which has to find nothing where nothing is planted.
//!
//! `cargo run --release -p shmstate-tests --bin mutants`

mod build;
mod check;
mod copy;
mod report;

use build::Builds;
use check::{Outcome, Verdict};
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use shmstate_tests::mutants::{Check, harmless, mutants};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

/// Plants each known fault, one at a time, and looks whether it is found.
#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// These faults only
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// By these means only
    #[arg(long, value_delimiter = ',')]
    by: Vec<Means>,
    /// Do not try first that the checks find nothing where nothing is planted
    #[arg(long)]
    faults_only: bool,
    /// Checks at a time
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from))]
    jobs: usize,
}

/// What finds faults.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Means {
    Loom,
    Shuttle,
    /// Tests of the library's own
    Unit,
    /// Tests with processes
    Process,
    /// Tests of durable states
    Durable,
    /// Tests of replicated states
    Cluster,
    /// A death after each instruction
    Step,
}

impl Means {
    fn of(check: Check) -> Means {
        match check {
            Check::Loom(..) => Means::Loom,
            Check::Shuttle(..) => Means::Shuttle,
            Check::Unit(..) => Means::Unit,
            Check::Process(..) => Means::Process,
            Check::Beside("shmstate-cluster", ..) => Means::Cluster,
            Check::Beside(..) => Means::Durable,
            Check::Step(..) => Means::Step,
        }
    }
}

/// A fault and one of its checks.
struct Task {
    /// Nothing, if none is planted.
    name: Option<&'static str>,
    text: &'static str,
    check: Check,
    /// Whether it is to be found.
    harmful: bool,
}

impl Task {
    /// What the check is to come to.
    fn right(&self) -> Verdict {
        if self.harmful { Verdict::Found } else { Verdict::NotFound }
    }
}

fn tasks(args: &Args) -> Vec<Task> {
    let harmful = mutants().map(|mutant| (mutant.name, mutant.breaks, mutant.checks, true));
    let harmless = harmless().map(|fault| (fault.name, fault.why, fault.checks, false));
    let all = harmful.chain(harmless).flat_map(|(name, text, checks, harmful)| {
        checks.iter().map(move |&check| Task { name: Some(name), text, check, harmful })
    });
    let mut tasks: Vec<Task> = all
        .filter(|task| args.only.is_empty() || args.only.iter().any(|name| Some(&**name) == task.name))
        .filter(|task| args.by.is_empty() || args.by.contains(&Means::of(task.check)))
        .collect();
    let mut checks: Vec<Check> = vec![];
    for task in tasks.iter().filter(|_| !args.faults_only) {
        if !checks.contains(&task.check) {
            checks.push(task.check);
        }
    }
    let sound = checks.into_iter().map(|check| Task { name: None, text: "", check, harmful: false });
    tasks.splice(0..0, sound.collect::<Vec<_>>());
    tasks
}

fn main() -> ExitCode {
    let begun = Instant::now();
    let args = Args::parse();
    let tasks = tasks(&args);
    let builds = match Builds::of(tasks.iter().map(|task| task.check)) {
        Ok(builds) => builds,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    let built = begun.elapsed();
    let outcomes = run(&args, &tasks, &builds);
    print!("{}", report::tables(&tasks, &outcomes));
    let wrong = tasks.iter().zip(&outcomes).filter(|(task, outcome)| outcome.verdict != task.right());
    let wrong: Vec<String> = wrong.map(|(task, outcome)| report::wrong(task, outcome)).collect();
    println!(
        "{}, {:.0} s to build, {:.0} s to find them",
        report::summary(&tasks, &outcomes),
        built.as_secs_f64(),
        (begun.elapsed() - built).as_secs_f64()
    );
    wrong.iter().for_each(|wrong| eprintln!("{wrong}"));
    ExitCode::from(u8::from(!wrong.is_empty()))
}

fn run(args: &Args, tasks: &[Task], builds: &Builds) -> Vec<Outcome> {
    let bar = ProgressBar::new(tasks.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} {msg}").expect("a template"));
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..args.jobs.max(1) {
            scope.spawn(|| {
                while let Some((i, task)) = Some(next.fetch_add(1, Relaxed)).and_then(|i| Some((i, tasks.get(i)?))) {
                    bar.set_message(task.name.unwrap_or("no fault"));
                    let outcome = check::run(task.name, task.check, builds);
                    outcomes.lock().expect("no panic").push((i, outcome));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut outcomes = outcomes.into_inner().expect("no panic");
    outcomes.sort_by_key(|(i, _)| *i);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}
