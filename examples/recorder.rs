//! Records every version of a state that it is fast enough for, each as a line of JSON.
//!
//! It needs no type: it reads any state by the schema in its region. Between two versions it sleeps. Each line says how many
//! versions were skipped before it, because they were made faster than they could be written. What must not be skipped belongs
//! into the state itself: a `Ring` of the last events, say.
//!
//! `cargo run --release --example recorder -- mutable-list` records that state until it is replaced or removed;
//! without a name it records a state of its own for a moment.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use shmstate::dynamic::DynState;
use shmstate::{List, SharedLayout, State};
use shmstate_examples::{Parent, Process, Temporary, this_program};
use std::io::{ErrorKind::BrokenPipe, Write, stdout};
use std::time::Duration;

/// How often to look whether the name still leads to the state.
const LOOK: Duration = Duration::from_secs(1);

/// What the process writes that is recorded without a name.
#[derive(SharedLayout)]
#[repr(C)]
struct Weather {
    measured: u64,
    degrees: f64,
    /// The coldest and the warmest so far.
    extremes: List<f64, 2>,
}

/// Writes each version of a state as a line of JSON.
#[derive(Parser)]
struct Args {
    /// The state's name or path; without it, one that a process of this program changes
    state: Option<String>,
    /// Versions after which it ends
    #[arg(long, default_value_t = u64::MAX)]
    lines: u64,
    /// Changes of the process that is recorded without a name
    #[arg(long, default_value_t = 1000)]
    changes: u64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// The process that measures
    #[command(hide = true)]
    Station { state: String, changes: u64 },
}

fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(Role::Station { state, changes }) = &args.role {
        return measure(&State::open(state)?, *changes);
    }
    if let Some(name) = &args.state {
        return record(&DynState::open(name)?, args.lines, || Ok(false));
    }
    let name = Temporary::new("recorder")?;
    let state = State::<Weather>::create(name.name())?;
    println!("the state is {}", state.path().context("it has a name")?.display());
    let changes = args.changes.to_string();
    let mut station = Process::spawn(this_program()?.args(["station", name.name(), &changes]))?;
    record(&DynState::open(name.name())?, args.lines, || Ok(station.ended()?.is_some()))
}

/// Writes the versions from the present one on; until `is_over`, and nothing is left to write.
fn record(state: &DynState, lines: u64, mut is_over: impl FnMut() -> Result<bool>) -> Result<()> {
    let (mut out, mut last, mut skipped, mut written) = (stdout().lock(), None, 0, 0);
    while written < lines && state.is_current()? {
        // Asked before the look: what was made before it was over is there then.
        let over = is_over()?;
        if let Some(seen) = last
            && state.wait_newer(seen, if over { Duration::ZERO } else { LOOK })?.is_none()
        {
            if over {
                break;
            }
            continue;
        }
        let snapshot = state.snapshot()?;
        let version = snapshot.version();
        let missed = last.map_or(0, |seen| version - seen - 1);
        let line = format!("{{\"version\":{version},\"skipped\":{missed},\"state\":{}}}", snapshot.value().to_json()?);
        if let Err(error) = writeln!(out, "{line}") {
            // Whatever reads the lines has enough of them.
            return if error.kind() == BrokenPipe { Ok(()) } else { Err(error.into()) };
        }
        (last, skipped, written) = (Some(version), skipped + missed, written + 1);
    }
    eprintln!("{written} versions recorded, {skipped} skipped");
    Ok(())
}

/// Measures again and again, with pauses: now and then two measurements come at once.
fn measure(state: &State<Weather>, changes: u64) -> Result<()> {
    let parent = Parent::of_this_process();
    for n in (0..changes).take_while(|_| parent.lives()) {
        let degrees = (200.0 * fastrand::f64()).round() / 10.0;
        state.transact(|s| {
            (s.measured, s.degrees) = (n + 1, degrees);
            let (coldest, warmest) = match s.extremes[..] {
                [coldest, warmest] => (degrees.min(coldest), degrees.max(warmest)),
                _ => (degrees, degrees),
            };
            s.extremes.clear();
            s.extremes.push(coldest)?;
            Ok(s.extremes.push(warmest)?)
        })?;
        if n % 4 > 0 {
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..400)));
        }
    }
    Ok(())
}
