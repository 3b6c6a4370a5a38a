//! What shmstate costs beside what else there is, measured in one run. See `--help`.

mod chart;
mod child;
mod counter_list;
mod environment;
mod machine;
mod measure;
mod op;
mod peers;
mod report;
mod results;
mod targets;
mod workloads;

use anyhow::{Context, Result, bail};
use chart::Chart;
use clap::{Parser, Subcommand};
use measure::{Effort, Progress};
use peers::Kind;
use results::Results;
use std::path::{Path, PathBuf};
use std::time::Instant;
use workloads::{RegionDir, concurrent, follow, lifecycle, single, wake};

/// Measures shmstate and its peers in turns, and prints tables of medians.
///
/// Everything takes 5 to 10 minutes on two cores, and `--gib 6` for states of 1 GiB; what there is no room for is left
/// out, and so are the peers that are not installed. Run it in a release build.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// At most a minute: fewer rounds, nothing above 1 MiB, and no reader stays for a second.
    #[arg(long)]
    quick: bool,
    /// Writes all tables as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Writes one SVG chart per workload.
    #[arg(long, value_name = "DIR")]
    charts: Option<PathBuf>,
    /// Writes the tables of one read and one update into a file, between the lines `<!-- bench -->` and `<!-- /bench -->`.
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
    /// Only these, with commas between.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<Kind>,
    /// Only the tables with this in their titles.
    #[arg(long, value_name = "TEXT")]
    like: Option<String>,
    /// Memory to take at the most, in GiB.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=1024))]
    gib: u64,
}

#[derive(Subcommand)]
enum Command {
    /// What the bench starts itself as.
    #[command(hide = true)]
    Child(child::Orders),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Some(Command::Child(orders)) = &cli.command {
        return child::serve(orders);
    }
    let (kinds, mut notes) = sides(&cli.only)?;
    // What cannot be written is better known before than after ten minutes.
    if let Some(dir) = &cli.charts {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    }
    for file in cli.markdown.iter().chain(&cli.readme) {
        let mut options = std::fs::OpenOptions::new();
        let writable = options.append(true).create(cli.markdown.as_ref() == Some(file)).open(file);
        writable.with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &cli.readme {
        report::between(file, "")?;
    }
    if cfg!(debug_assertions) {
        notes.push("this is no release build: the times mean nothing".to_owned());
    }
    let (start, mut effort) = (Instant::now(), if cli.quick { Effort::QUICK } else { Effort::FULL });
    if let Some(like) = &cli.like {
        effort.like = String::leak(like.clone());
        if steps(effort) == 0 {
            bail!("no table has {like:?} in its title: they are named as in bench/RESULTS.md");
        }
    }
    RegionDir::sweep();
    notes.extend(environment::fit(&mut effort, cli.gib));
    notes.iter().for_each(|note| eprintln!("note: {note}"));
    let mut results = Results { tables: Vec::new(), notes };

    let progress = Progress::new(1 + steps(effort))?;
    progress.say("the machine");
    machine::run(effort, &mut results)?;
    progress.step();
    single::run(effort, &kinds, &mut results, &progress)?;
    lifecycle::run(effort, &kinds, &mut results, &progress)?;
    concurrent::run(effort, &kinds, &mut results, &progress)?;
    follow::run(effort, &kinds, &mut results, &progress)?;
    wake::run(effort, &mut results, &progress)?;
    progress.finish();
    results.notes.push(format!("it took {:.0} s", start.elapsed().as_secs_f64()));
    publish(&cli, &results)
}

/// How many steps the run has after the machine's.
fn steps(effort: Effort) -> usize {
    single::steps(effort)
        + lifecycle::steps(effort)
        + concurrent::steps(effort)
        + follow::steps(effort)
        + wake::steps(effort)
}

/// What is measured, and notes on what is not.
fn sides(only: &[Kind]) -> Result<(Vec<Kind>, Vec<String>)> {
    let (mut kinds, away) = Kind::all();
    if let Some((kind, why)) = away.iter().find(|(kind, _)| only.contains(kind)) {
        bail!("{} cannot be measured: {why}", kind.name());
    }
    kinds.retain(|kind| only.is_empty() || only.contains(kind));
    let missing = away.iter().filter(|_| only.is_empty());
    Ok((kinds, missing.map(|(kind, why)| format!("{} is left out: {why}", kind.name())).collect()))
}

/// Prints and writes what came out.
fn publish(cli: &Cli, results: &Results) -> Result<()> {
    let verdicts = targets::judge(results);
    print!("{}", report::terminal(results, &verdicts));
    let charts = match &cli.charts {
        Some(dir) => draw(results, dir)?,
        None => Vec::new(),
    };
    // Paths as seen from the file that shows them.
    let seen_from = |file: &Path| {
        let from = file.parent().unwrap_or(Path::new("")).to_owned();
        let seen = move |(title, path): &(String, PathBuf)| {
            (title.clone(), path.strip_prefix(&from).unwrap_or(path).display().to_string())
        };
        charts.iter().map(seen).collect::<Vec<_>>()
    };
    if let Some(file) = &cli.markdown {
        let text = report::markdown(results, &verdicts, &seen_from(file));
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &cli.readme {
        let text = report::between(file, &report::readme(results, &verdicts))?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Title and path of each chart: one for each table of sizes, and those of several processes across theirs.
fn draw(results: &Results, dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    let sizes =
        results.tables.iter().filter(|table| table.compared && table.columns.first().is_some_and(|c| c == "64 B"));
    let mut charts: Vec<Chart> = sizes.map(Chart::of).collect();
    charts.extend(concurrent::series().iter().map(|series| Chart::across(series, results)));
    let mut drawn = Vec::new();
    for chart in charts {
        if let Some(svg) = chart.svg() {
            let path = dir.join(chart.file_name());
            std::fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
            drawn.push((chart.title, path));
        }
    }
    Ok(drawn)
}
