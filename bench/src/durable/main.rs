//! What durable states cost beside other stores, measured in one run. See `--help`.

mod commits;
mod intervals;
mod plain;
mod stores;

use anyhow::{Context, Result};
use clap::Parser;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use std::path::PathBuf;
use std::time::Duration;

/// Measures durable states and other stores in turns, and prints tables of medians.
///
/// It takes about five minutes, 800 MiB of memory, and as much of the disk. Run it in a release build, with `--dir` on the disk that
/// is meant.
#[derive(Parser)]
struct Cli {
    /// Half a minute: fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
    /// Where the stores lie.
    #[arg(long, value_name = "DIR", default_value = "target")]
    dir: PathBuf,
    /// Only the tables with this in their titles.
    #[arg(long, value_name = "TEXT")]
    like: Option<String>,
}

/// How long is measured.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    time: Duration,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let effort = if cli.quick {
        Effort { rounds: 3, time: Duration::from_millis(500) }
    } else {
        Effort { rounds: 7, time: Duration::from_secs(3) }
    };
    std::fs::create_dir_all(&cli.dir).context("make the directory")?;
    let dir = tempfile::tempdir_in(&cli.dir).context("make a directory for the stores")?;
    let is_meant = |title: &str| cli.like.as_ref().is_none_or(|like| title.contains(like));
    let show = |title: &str, measure: &dyn Fn() -> Result<Table>| -> Result<()> {
        if is_meant(title) {
            println!("\n{title}\n\n{}", measure()?);
        }
        Ok(())
    };
    show("durable commits: a counter of each writer, and one of all", &|| commits::table(dir.path(), effort))?;
    show("an interval: 1 000 changed items of a state of 256 MiB", &|| intervals::table(dir.path(), effort))?;
    show("plain updates while a process writes each interval, in a state of 1 MiB", &|| {
        plain::table(dir.path(), effort)
    })
}

/// A table with that head.
fn table<const N: usize>(head: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(head);
    table
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Where regions lie.
fn memory() -> Result<tempfile::TempDir> {
    tempfile::tempdir_in("/dev/shm").context("make a directory in memory")
}
