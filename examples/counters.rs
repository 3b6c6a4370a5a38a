//! Pre-forked workers that count requests by route, and a supervisor that shows the counts and replaces dead workers.
//!
//! The counts are in the state, not in the workers: a worker that dies takes nothing with it and leaves nothing half
//! counted, and its successor goes on in its row. In each version the requests by route and those by worker add up to the
//! same number, which the supervisor checks with each look.
//!
//! The example `dashboard` shows it live.
//!
//! `cargo run --release --example counters -- --workers 4 --seconds 20 --kill-every 3`

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use crossterm::{cursor::MoveToPreviousLine, execute, terminal};
use shmstate::State;
use shmstate_examples::requests::{Counters, Route, WORKERS, Worker};
use shmstate_examples::{Parent, Process, Temporary, this_program};
use std::io::{IsTerminal, stdout};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Workers count simulated requests in a shared state; the supervisor shows them and replaces workers that die.
#[derive(Parser)]
struct Args {
    /// Worker processes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=WORKERS as u64))]
    workers: u64,
    /// How long to run
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Kill a worker every so many seconds; 0: never
    #[arg(long, default_value_t = 2.0)]
    kill_every: f64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// A worker process
    #[command(hide = true)]
    Worker { state: String, row: usize },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        None => supervise(&args),
        Some(Role::Worker { state, row }) => work(&State::open(state)?, *row),
    }
}

/// Handles requests until it is killed or the supervisor is gone.
fn work(counters: &State<Counters>, row: usize) -> Result<()> {
    let supervisor = Parent::of_this_process();
    counters.update(|c| {
        c.workers[row].pid = std::process::id();
        c.workers[row].starts += 1;
    })?;
    while supervisor.lives() {
        // The request: a server would answer it here, outside of the update.
        sleep(Duration::from_micros(fastrand::u64(0..500)));
        let (route, failed) = (fastrand::usize(..4).min(fastrand::usize(..4)), fastrand::u8(..) < 5);
        counters.update(|c| {
            c.routes[route].requests += 1;
            c.routes[route].errors += u64::from(failed);
            c.workers[row].requests += 1;
        })?;
    }
    Ok(())
}

fn supervise(args: &Args) -> Result<()> {
    let name = Temporary::new("counters")?;
    let counters = State::<Counters>::options()
        .init(|c| {
            for path in ["/", "/search", "/login", "/health"] {
                let route = Route { path: path.try_into().expect("short"), requests: 0, errors: 0 };
                c.routes.push(route).expect("few");
            }
            c.workers.resize(args.workers as usize, Worker::default()).expect("the option's range is the list's");
        })
        .create(name.name())?;
    println!("the state is {}", counters.path().expect("it has a name").display());

    let start = |row: usize| Process::spawn(this_program()?.args(["worker", name.name(), &row.to_string()]));
    let mut workers = (0..args.workers as usize).map(start).collect::<Result<Vec<_>>>()?;
    let seconds = |s: f64| Duration::try_from_secs_f64(s).context("neither negative nor endless");
    let (length, kill_every) = (seconds(args.seconds)?, seconds(args.kill_every)?);
    let (since, mut killed, mut deaths) = (Instant::now(), Instant::now(), 0);
    let mut screen = Screen::new(&counters)?;
    while since.elapsed() < length {
        for (row, worker) in workers.iter_mut().enumerate() {
            if worker.ended()?.is_some() {
                deaths += 1;
                *worker = start(row)?;
            }
        }
        if !kill_every.is_zero() && killed.elapsed() >= kill_every {
            killed = Instant::now();
            workers[fastrand::usize(..args.workers as usize)].kill()?;
        }
        counters.read(Counters::total)??;
        screen.show_when_due(&counters)?;
        sleep(Duration::from_millis(10));
    }
    drop(workers);

    screen.show(&counters)?;
    let requests = counters.read(Counters::total)??;
    println!("{requests} requests, by route and by worker alike; {deaths} workers died and were replaced");
    Ok(())
}

/// What is shown: a table that stays in its place on a terminal, now and then a line elsewhere.
struct Screen {
    terminal: bool,
    before: Box<Counters>,
    at: Instant,
    /// Lines on the terminal that the next table replaces.
    lines: u16,
}

impl Screen {
    fn new(counters: &State<Counters>) -> Result<Self> {
        let before = counters.snapshot()?;
        Ok(Screen { terminal: stdout().is_terminal(), before, at: Instant::now(), lines: 0 })
    }

    fn show_when_due(&mut self, counters: &State<Counters>) -> Result<()> {
        let every = Duration::from_millis(if self.terminal { 250 } else { 1000 });
        if self.at.elapsed() >= every { self.show(counters) } else { Ok(()) }
    }

    fn show(&mut self, counters: &State<Counters>) -> Result<()> {
        // A copy to take the time over: printing can be slow, and a version that is being read cannot be reused.
        let now = counters.snapshot()?;
        let seconds = self.at.elapsed().as_secs_f64();
        if self.terminal {
            self.table(&now, seconds)?
        } else {
            self.line(&now, seconds)
        }
        (self.before, self.at) = (now, Instant::now());
        Ok(())
    }

    fn line(&self, now: &Counters, seconds: f64) {
        let routes = now.routes.iter().zip(&self.before.routes).map(|(route, before)| {
            format!("{} {} ({:.0}/s)", route.path, route.requests, (route.requests - before.requests) as f64 / seconds)
        });
        let starts = now.workers.iter().map(|w| u64::from(w.starts)).sum::<u64>();
        println!("{}; {} workers, {starts} starts", routes.collect::<Vec<_>>().join(", "), now.workers.len());
    }

    fn table(&mut self, now: &Counters, seconds: f64) -> Result<()> {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_header(["", "requests", "per second", ""]);
        for (route, before) in now.routes.iter().zip(&self.before.routes) {
            let rate = (route.requests - before.requests) as f64 / seconds;
            let errors = format!("{} errors", route.errors);
            table.add_row([route.path.to_string(), route.requests.to_string(), format!("{rate:.0}"), errors]);
        }
        for (row, (worker, before)) in now.workers.iter().zip(&self.before.workers).enumerate() {
            let rate = (worker.requests - before.requests) as f64 / seconds;
            let process = format!("process {}, start {}", worker.pid, worker.starts);
            table.add_row([format!("worker {row}"), worker.requests.to_string(), format!("{rate:.0}"), process]);
        }
        for column in table.column_iter_mut().skip(1).take(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if self.lines > 0 {
            execute!(stdout(), MoveToPreviousLine(self.lines), terminal::Clear(terminal::ClearType::FromCursorDown))?;
        }
        println!("{table}");
        self.lines = table.lines().count() as u16;
        Ok(())
    }
}
