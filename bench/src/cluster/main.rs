//! What replicated states cost beside values that are kept by hand, measured in one run. See `--help`.

mod by_hand;
mod ours;
mod servers;

use anyhow::{Context, Result, bail};
use clap::Parser;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use hdrhistogram::Histogram;
use servers::Servers;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Measures replicated states, values in NATS's key-value store and values in Redis in turns, and prints a table of medians.
///
/// It takes one to two minutes, and starts `nats-server` and `redis-server` itself. Run it in a release build.
#[derive(Parser)]
struct Cli {
    /// Half a minute: fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
    /// Where the servers keep their files.
    #[arg(long, value_name = "DIR", default_value = "target")]
    dir: PathBuf,
}

/// One way to commit a small change of a state.
const WAYS: [&str; 4] =
    ["shmstate-cluster", "shmstate-cluster, 8 threads", "NATS key-value, by hand", "Redis, WATCH and MULTI"];

/// Bytes of the state.
const SIZES: [(&str, usize); 3] = [("4 KiB", 4 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)];

/// What one round has measured.
struct Round {
    commits: u64,
    time: Duration,
    times: Histogram<u64>,
    /// Bytes that the server has received and sent.
    traffic: u64,
}

/// Of one way, with one size.
#[derive(Default)]
struct Measured {
    rates: Vec<f64>,
    traffic: Vec<f64>,
    times: Vec<Histogram<u64>>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let (rounds, time) = if cli.quick { (3, Duration::from_millis(700)) } else { (5, Duration::from_secs(2)) };
    std::fs::create_dir_all(&cli.dir).context("make the directory")?;
    let dir = tempfile::tempdir_in(&cli.dir).context("make a directory for the servers")?;
    let servers = Servers::start(dir.path())?;
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["state", "way", "commits/s", "p50", "p99", "bytes of a commit"]);
    for (title, size) in SIZES {
        let mut measured: [Measured; WAYS.len()] = Default::default();
        for round in 0..rounds {
            for (way, measured) in measured.iter_mut().enumerate() {
                // A state of its own each time.
                let name = format!("{}-{way}-{round}", size >> 10);
                let Round { commits, time, times, traffic } = run(way, size, &servers, &name, time)?;
                measured.rates.push(commits as f64 / time.as_secs_f64());
                measured.traffic.push(traffic as f64 / commits as f64);
                measured.times.push(times);
            }
        }
        for (way, Measured { rates, traffic, times }) in WAYS.iter().zip(measured) {
            let millis = |quantile| {
                let of_rounds = times.iter().map(|times| times.value_at_quantile(quantile) as f64).collect();
                format!("{:.2} ms", median(of_rounds) / 1e6)
            };
            let (rate, traffic) = (format!("{:.0}", median(rates)), format!("{:.0}", median(traffic)));
            table.add_row([title.into(), (*way).into(), rate, millis(0.5), millis(0.99), traffic]);
        }
    }
    println!("{table}");
    println!("\nA commit changes three numbers of 8 bytes. Its bytes are what the server has received and sent.");
    Ok(())
}

fn run(way: usize, size: usize, servers: &Servers, name: &str, time: Duration) -> Result<Round> {
    match (way, size) {
        (0, 4096) => ours::run::<496>(servers, name, 1, time),
        (0, 65_536) => ours::run::<8176>(servers, name, 1, time),
        (0, _) => ours::run::<131_056>(servers, name, 1, time),
        (1, 4096) => ours::run::<496>(servers, name, 8, time),
        (1, 65_536) => ours::run::<8176>(servers, name, 8, time),
        (1, _) => ours::run::<131_056>(servers, name, 8, time),
        (2, _) => by_hand::nats(servers, name, size, time),
        (3, _) => by_hand::redis(servers, name, size, time),
        _ => bail!("no such way"),
    }
}

/// Commits for that time, and writes down how long each takes.
fn commit_for(time: Duration, mut commit: impl FnMut() -> Result<()>) -> Result<(u64, Histogram<u64>)> {
    let (mut times, mut commits, begin) = (histogram()?, 0, Instant::now());
    while begin.elapsed() < time {
        let begun = Instant::now();
        commit()?;
        times.saturating_record(begun.elapsed().as_nanos() as u64);
        commits += 1;
    }
    Ok((commits, times))
}

/// Up to ten seconds, in nanoseconds.
fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1000, 10_000_000_000, 3)?)
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
