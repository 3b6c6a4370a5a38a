//! Game servers report scores into one leaderboard; a viewer shows the top ten, and delays no server.
//!
//! A report changes three things at once: the player's score, the history of the latest events, and the totals. So in each
//! version they agree, which the viewer checks with each look. One server is killed in between. Each says on a pipe, which
//! shared memory knows nothing of, what it is about to report and what it has; at the end the scores are held against that.
//!
//! `cargo run --release --example leaderboard -- --servers 4 --seconds 10`

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use shmstate::{Map, Ring, SharedLayout, State, Text, Timestamp};
use shmstate_examples::{Parent, Process, Temporary, all_ended, this_program};
use std::io::{BufRead, BufReader, Write, stdout};
use std::process::Stdio;
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

/// The most players that the leaderboard has room for.
const PLAYERS: usize = 1024;

/// What the processes share.
#[derive(SharedLayout)]
#[repr(C)]
struct Leaderboard {
    scores: Map<Text<24>, Score, PLAYERS>,
    latest: Ring<Event, 32>,
    /// Reports so far, and their points.
    reports: u64,
    points: u64,
    /// Set by the parent when the games are over.
    over: u64,
}

#[derive(SharedLayout, Clone, Default)]
#[repr(C)]
struct Score {
    points: u64,
    wins: u64,
}

#[derive(SharedLayout, Clone)]
#[repr(C)]
struct Event {
    number: u64,
    at: Timestamp,
    player: Text<24>,
    points: u32,
    server: u32,
}

impl Leaderboard {
    /// One report, in one update: all of it or nothing.
    fn report(&mut self, player: &Text<24>, points: u32, server: u32) -> Result<()> {
        let score = self.scores.entry(player.clone()).or_default()?;
        score.points += u64::from(points);
        score.wins += 1;
        self.reports += 1;
        self.points += u64::from(points);
        let (number, player) = (self.reports, player.clone());
        self.latest.push(Event { number, at: Timestamp::now(), player, points, server });
        Ok(())
    }

    /// Whether the parts agree, as they do in each version.
    fn check(&self) -> Result<()> {
        let (mut points, mut wins) = (0, 0);
        for score in self.scores.values() {
            points += score.points;
            wins += score.wins;
        }
        ensure!(points == self.points, "the scores make {points} points, the reports {}", self.points);
        ensure!(wins == self.reports, "{wins} wins in {} reports", self.reports);
        let events = self.latest.iter().rev().map(|event| event.number);
        ensure!(events.eq((1..=self.reports).rev().take(self.latest.len())), "the events are not the latest ones");
        Ok(())
    }

    /// The players with the most points.
    fn top(&self, players: usize) -> Vec<(Text<24>, Score)> {
        let mut all: Vec<_> = self.scores.iter().collect();
        all.sort_unstable_by(|(a, x), (b, y)| y.points.cmp(&x.points).then(a.cmp(b)));
        all.into_iter().take(players).map(|(player, score)| (player.clone(), score.clone())).collect()
    }
}

/// Game servers report to one leaderboard; a viewer shows it, and one server is killed.
#[derive(Parser)]
struct Args {
    /// Server processes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    servers: u32,
    /// How long they play
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How often the viewer shows the leaderboard
    #[arg(long, default_value_t = 1.0)]
    every: f64,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Subcommand)]
enum Role {
    /// A game server
    #[command(hide = true)]
    Server { state: String, number: u32 },
    /// The viewer
    #[command(hide = true)]
    Viewer { state: String },
}

fn main() -> Result<()> {
    let args = Args::parse();
    match &args.role {
        None => parent(&args),
        Some(Role::Server { state, number }) => server(&State::open(state)?, *number),
        Some(Role::Viewer { state }) => viewer(&State::open(state)?, seconds(args.every)?),
    }
}

fn seconds(seconds: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(seconds).context("neither negative nor endless")
}

/// Plays and reports until the games are over.
fn server(board: &State<Leaderboard>, number: u32) -> Result<()> {
    let (parent, mut said) = (Parent::of_this_process(), stdout());
    while board.read(|b| b.over == 0)? && parent.lives() {
        // The game.
        sleep(Duration::from_micros(fastrand::u64(0..300)));
        let name =
            fastrand::choice(["ada", "blaise", "emmy", "grace", "kurt", "leonhard", "sofja"]).unwrap_or_default();
        let player = Text::try_from(format!("{name} {}", fastrand::u8(1..=9)).as_str())?;
        let points = fastrand::u32(1..=100);
        writeln!(said, "report {points}")?;
        board.try_update(|b| b.report(&player, points, number))??;
        writeln!(said, "reported {points}")?;
    }
    Ok(())
}

/// Shows the leaderboard now and then, and once more when the games are over.
fn viewer(board: &State<Leaderboard>, every: Duration) -> Result<()> {
    let parent = Parent::of_this_process();
    let mut shown = Instant::now();
    while parent.lives() {
        // One version, in place; the servers go on with the next ones. What is shown is copied, for printing can be slow.
        let (top, events, over) = board.read(|b| -> Result<_> {
            b.check()?;
            Ok((b.top(10), b.latest.iter().rev().take(3).cloned().collect::<Vec<_>>(), b.over == 1))
        })??;
        if over || shown.elapsed() >= every {
            shown = Instant::now();
            show(&top, &events);
        }
        if over {
            return Ok(());
        }
        sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn show(top: &[(Text<24>, Score)], events: &[Event]) {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["player", "points", "wins"]);
    for (player, score) in top {
        table.add_row([player.to_string(), score.points.to_string(), score.wins.to_string()]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}");
    for Event { number, at, player, points, server } in events {
        let ago = at.elapsed().unwrap_or_default();
        println!("report {number}, {ago:.0} ago: {points} points for {player} on server {server}");
    }
}

/// What a server said on its pipe.
#[derive(Default)]
struct Said {
    /// Points that it was about to report.
    begun: u64,
    /// Points and reports that it has reported.
    points: u64,
    reports: u64,
}

/// Starts a server, and listens to it until it has ended.
fn start(name: &str, number: u32) -> Result<(Process, JoinHandle<Result<Said>>)> {
    let mut process =
        Process::spawn(this_program()?.args(["server", name, &number.to_string()]).stdout(Stdio::piped()))?;
    let pipe = process.child().stdout.take().context("a pipe was asked for")?;
    let listener = std::thread::spawn(move || {
        let mut said = Said::default();
        for line in BufReader::new(pipe).lines() {
            let line = line?;
            match line.split_once(' ').context("two words")? {
                ("report", points) => said.begun += points.parse::<u64>()?,
                (_, points) => {
                    said.points += points.parse::<u64>()?;
                    said.reports += 1;
                }
            }
        }
        Ok(said)
    });
    Ok((process, listener))
}

fn parent(args: &Args) -> Result<()> {
    let length = seconds(args.seconds)?;
    let name = Temporary::new("leaderboard")?;
    let board = State::<Leaderboard>::create(name.name())?;
    println!("the state is {}", board.path().expect("it has a name").display());

    let mut viewer =
        [Process::spawn(this_program()?.args([&format!("--every={}", args.every), "viewer", name.name()]))?];
    let servers = (1..=args.servers).map(|number| start(name.name(), number)).collect::<Result<Vec<_>>>()?;
    let (mut servers, listeners): (Vec<_>, Vec<_>) = servers.into_iter().unzip();
    sleep(length / 2);
    let mut victim = servers.swap_remove(fastrand::usize(..servers.len()));
    ensure!(victim.ended()?.is_none(), "a server ended before its time");
    victim.kill()?;
    sleep(length / 2);
    board.update(|b| b.over = 1)?;
    while !(all_ended(&mut servers).context("a server")? & all_ended(&mut viewer).context("the viewer")?) {
        sleep(Duration::from_millis(1));
    }

    let mut said = Said::default();
    for listener in listeners {
        let one = listener.join().ok().context("a listener panicked")??;
        said.begun += one.begun;
        said.points += one.points;
        said.reports += one.reports;
    }
    let (points, reports, players) = board.read(|b| (b.points, b.reports, b.scores.len()))?;
    println!("{reports} reports of {points} points for {players} players; 1 server killed");
    // The one that was killed may have had a report under way: it is there or not, but as a whole.
    ensure!(reports == said.reports || reports == said.reports + 1, "{} were made", said.reports);
    let expected = if reports == said.reports { said.points } else { said.begun };
    ensure!(points == expected, "the servers have reported {}, and begun {}", said.points, said.begun);
    println!("the servers have reported {} points, and were about to report {}", said.points, said.begun);
    println!("no report is lost, and none is there by half");
    Ok(())
}
