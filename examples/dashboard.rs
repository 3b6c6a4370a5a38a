//! A live view of the state of the example `counters`, which is drawn anew when something has changed, and only what has.
//!
//! A follower keeps a private copy of the state and sleeps until there is a new version. A version that leaves everything that is
//! shown as it was draws nothing.
//!
//! `cargo run --release --example counters -- --seconds 600` prints the state's place, and in another terminal
//! `cargo run --release --example dashboard -- PLACE` shows it until `q` is pressed. Where the output is no terminal, it prints what
//! it draws.

use anyhow::Result;
use clap::Parser;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{self, Event, KeyCode};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::Stylize;
use ratatui::widgets::{Bar, BarChart, BarGroup, Block, Row, Table};
use ratatui::{Frame, Terminal};
use shmstate::{ErrorKind, State};
use shmstate_examples::requests::Counters;
use std::io::{IsTerminal, stdout};
use std::time::Duration;

/// How long a key may wait to be seen.
const KEYS: Duration = Duration::from_millis(100);

/// At most so many drawings in a second: a hundred commits in between are one change.
const BETWEEN: Duration = Duration::from_millis(50);

/// A live view of the counters.
#[derive(Parser)]
struct Args {
    /// The state's name or path
    state: String,
    /// Drawings after which it ends
    #[arg(long, default_value_t = u64::MAX)]
    drawings: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let state = State::<Counters>::open(&args.state)?;
    if stdout().is_terminal() {
        let mut terminal = ratatui::init();
        let shown = show(&state, args.drawings, quits, |counters, version| {
            terminal.draw(|frame| draw(frame, counters, version))?;
            Ok(())
        });
        ratatui::restore();
        return shown;
    }
    let mut terminal = Terminal::new(TestBackend::new(80, 24))?;
    show(
        &state,
        args.drawings,
        || Ok(false),
        |counters, version| {
            terminal.draw(|frame| draw(frame, counters, version))?;
            println!("{}", terminal.backend());
            Ok(())
        },
    )
}

/// Whether the user wants to end.
fn quits() -> Result<bool> {
    Ok(event::poll(Duration::ZERO)? && matches!(event::read()?, Event::Key(key) if key.code == KeyCode::Char('q')))
}

/// Draws the state now, and whenever something that is shown has changed.
fn show(
    state: &State<Counters>,
    drawings: u64,
    mut quits: impl FnMut() -> Result<bool>,
    mut draw: impl FnMut(&Counters, u64) -> Result<()>,
) -> Result<()> {
    let mut follower = state.follow()?;
    draw(follower.get(), follower.version())?;
    let mut drawn = 1;
    while drawn < drawings && !quits()? {
        let change = match follower.wait(KEYS) {
            Ok(change) => change,
            // The counters have ended, and others run under that name.
            Err(error) if error.kind() == ErrorKind::Retired => break,
            Err(error) => return Err(error.into()),
        };
        if change.is_some_and(|change| !change.ranges().is_empty()) {
            draw(follower.get(), follower.version())?;
            drawn += 1;
            std::thread::sleep(BETWEEN);
        } else if !state.is_current()? {
            break;
        }
    }
    Ok(())
}

fn draw(frame: &mut Frame<'_>, counters: &Counters, version: u64) {
    let [head, routes, workers] =
        Layout::vertical([Constraint::Length(1), Constraint::Length(8), Constraint::Min(4)]).areas(frame.area());
    let total: u64 = counters.routes.iter().map(|route| route.requests).sum();
    frame.render_widget(format!("{total} requests, version {version}; q ends").bold(), head);
    let rows = counters.routes.iter().map(|route| {
        Row::new([route.path.to_string(), route.requests.to_string(), format!("{} errors", route.errors)])
    });
    let widths = [Constraint::Fill(2), Constraint::Fill(1), Constraint::Fill(1)];
    frame.render_widget(Table::new(rows, widths).block(Block::bordered().title("routes")), routes);
    let bars: Vec<Bar<'_>> = counters
        .workers
        .iter()
        .map(|worker| Bar::default().value(worker.requests).label(worker.pid.to_string()))
        .collect();
    let chart = BarChart::default().data(BarGroup::default().bars(&bars)).bar_width(9);
    frame.render_widget(chart.block(Block::bordered().title("workers, by process")), workers);
}
