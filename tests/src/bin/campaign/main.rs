//! A campaign: writers, readers and creators that are killed, stopped, forked and replaced at random, for as long as one
//! likes; every update and every look is logged, and each round's history is checked.

mod figures;
mod part;
mod process;
mod progress;
mod round;
mod shared;

use clap::{Parser, ValueEnum};
use process::Namespaces;
use progress::Progress;
use round::{Campaign, Plan};
use shared::Shared;
use shmstate_tests::{Rng, scratch_dir};
use std::process::ExitCode;
use std::time::Duration;

/// The first argument of a process that takes part.
const PART: &str = "part";

/// Kills, stops, forks and replaces processes that share a state, and checks that none sees what cannot be.
#[derive(Parser)]
#[command(name = "campaign")]
struct Options {
    /// For how long
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// For how many seconds, instead
    #[arg(long, conflicts_with = "minutes")]
    seconds: Option<f64>,
    /// The course of things follows from it, as far as the scheduler lets it; by default from the clock
    #[arg(long)]
    seed: Option<u64>,
    /// Writers at a time
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=24))]
    writers: u8,
    /// Readers at a time
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=24))]
    readers: u8,
    /// Copies of the state; by default, another number in each region
    #[arg(long, value_parser = clap::value_parser!(u8).range(2..=8))]
    copies: Option<u8>,
    /// Whether processes get PID namespaces of their own: half of them do
    #[arg(long, value_enum, default_value_t = Wanted::Auto)]
    namespaces: Wanted,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// They do, or there is no campaign
    Yes,
    /// They do not
    No,
    /// They do where it is possible
    Auto,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if process::is_probe(&args) {
        return ExitCode::SUCCESS;
    }
    if let Some((PART, rest)) = args.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        part::run(rest);
        return ExitCode::SUCCESS;
    }
    let options = Options::parse();
    process::adopt_orphans();
    let namespaces = match (options.namespaces, Namespaces::find()) {
        (Wanted::No, _) => None,
        (_, Ok(namespaces)) => Some(namespaces),
        (Wanted::Auto, Err(e)) => {
            eprintln!("skipped: PID namespaces, which cannot be had here: {e}");
            None
        }
        (Wanted::Yes, Err(e)) => {
            eprintln!("no PID namespaces can be had here: {e}");
            return ExitCode::from(2);
        }
    };
    run(&options, namespaces)
}

fn run(options: &Options, namespaces: Option<Namespaces>) -> ExitCode {
    let time = Duration::from_secs_f64(options.seconds.unwrap_or(options.minutes * 60.0));
    let seed = options.seed.unwrap_or_else(shmstate_tests::now_ns);
    let dir = scratch_dir();
    let mut campaign = Campaign {
        plan: Plan {
            writers: options.writers.into(),
            readers: options.readers.into(),
            copies: options.copies.map(usize::from),
            namespaces,
        },
        shared: Shared::open(dir.path()),
        rng: Rng::new(seed),
        figures: figures::Figures::default(),
        model: None,
        progress: Progress::new(time),
    };
    eprintln!("seed {seed}, {} s", time.as_secs());
    let mut wrong = Vec::new();
    while campaign.progress.elapsed() < time && wrong.is_empty() {
        let rest = time.saturating_sub(campaign.progress.elapsed());
        wrong = campaign.round(rest.min(Duration::from_secs(3)));
    }
    campaign.progress.end();
    println!("{}", campaign.figures.table(wrong.len()));
    for violation in &wrong {
        eprintln!("violation: {violation}");
    }
    ExitCode::from(u8::from(!wrong.is_empty()))
}
