//! What shmstate costs beside what else there is, measured in one run. See `--help`.

mod board;
mod chart;
mod child;
mod machine;
mod measure;
mod op;
mod peers;
mod report;
mod results;
mod targets;
mod workloads;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use measure::Effort;
use peers::Kind;
use results::{Results, Table};
use std::path::{Path, PathBuf};
use std::time::Instant;
use workloads::{Place, beside, life, solo};

/// Measures shmstate and its peers in turns, and prints tables of medians.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// At most a minute: fewer rounds, nothing above 1 MiB.
    #[arg(long)]
    quick: bool,
    /// Writes the tables as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Writes one SVG chart per table of times.
    #[arg(long, value_name = "DIR")]
    charts: Option<PathBuf>,
    /// Only these sides.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<Kind>,
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
    Place::sweep();
    let start = Instant::now();
    let effort = if cli.quick { Effort::QUICK } else { Effort::FULL };
    let (mut kinds, notes) = Kind::all();
    kinds.retain(|kind| cli.only.is_empty() || cli.only.contains(kind));
    let mut results = Results { tables: Vec::new(), notes };

    let bar = measure::progress(1 + solo::steps(effort) + life::steps(effort) + beside::steps())?;
    bar.set_message("the machine");
    machine::run(effort, &mut results)?;
    bar.inc(1);
    solo::run(effort, &kinds, &mut results, &bar)?;
    life::run(effort, &kinds, &mut results, &bar)?;
    beside::run(effort, &kinds, &mut results, &bar)?;
    bar.finish_and_clear();
    results.notes.push(format!("It took {:.0} s", start.elapsed().as_secs_f64()));

    let verdicts = targets::judge(&results);
    print!("{}", report::terminal(&results, &verdicts));
    let charts = match &cli.charts {
        Some(dir) => draw(&results.tables, dir)?,
        None => Vec::new(),
    };
    if let Some(file) = &cli.markdown {
        // As seen from the file that shows them.
        let from = file.parent().unwrap_or(Path::new(""));
        let seen = |(title, path): &(String, PathBuf)| {
            (title.clone(), path.strip_prefix(from).unwrap_or(path).display().to_string())
        };
        let charts: Vec<_> = charts.iter().map(seen).collect();
        let text = report::markdown(&results, &verdicts, &charts);
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Title and path of each chart.
fn draw(tables: &[Table], dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut charts = Vec::new();
    for table in tables.iter().filter(|table| table.compared) {
        if let Some(svg) = chart::svg(table) {
            let path = dir.join(chart::file_name(table));
            std::fs::write(&path, svg).with_context(|| format!("cannot write {}", path.display()))?;
            charts.push((table.title.clone(), path));
        }
    }
    Ok(charts)
}
