//! Several processes at once: a continuous reader beside a continuous writer, readers that stay, crowds of both.

use super::Place;
use crate::board::size_name;
use crate::child::{Outcome, Process, Role};
use crate::measure::{Effort, Stat};
use crate::peers::{Kind, Work};
use crate::results::{Cell, Results, Row, Table, time};
use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;
use std::time::Duration;

/// A title, a size, who takes part, and what its columns say.
struct Scene {
    title: String,
    bytes: usize,
    cast: Vec<Role>,
    columns: &'static [Column],
}

/// One number of a scene: from what all of them did, and what a writer alone does per second.
struct Column {
    name: &'static str,
    value: fn(&[(Role, Outcome)], f64) -> f64,
    text: fn(f64) -> String,
}

/// The sizes of the scenes with two.
const SIZES: [usize; 3] = [64, 64 << 10, 1 << 20];

pub const HOLDER: &str = "a writer beside a reader that stays in each read for 10 ms, 64 B";

pub fn reader_title(bytes: usize) -> String {
    format!("a reader beside a continuous writer, {}", size_name(bytes))
}

pub fn writer_title(bytes: usize) -> String {
    format!("a writer beside a continuous reader, {}", size_name(bytes))
}

pub fn writers_title(count: usize) -> String {
    format!("{count} writers, 64 B")
}

fn of(all: &[(Role, Outcome)], role: Role) -> impl Iterator<Item = &Outcome> {
    all.iter().filter(move |(r, _)| *r == role).map(|(_, outcome)| outcome)
}

fn per_second(outcome: &Outcome) -> f64 {
    outcome.done as f64 / (outcome.time / 1e9)
}

fn rate(value: f64) -> String {
    match value {
        _ if value >= 1e6 => format!("{:.2} M/s", value / 1e6),
        _ if value >= 1e3 => format!("{:.1} k/s", value / 1e3),
        _ => format!("{value:.0} /s"),
    }
}

fn factor(value: f64) -> String {
    format!("{value:.2}x")
}

fn percent(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

/// Of all that those of a role did, what the least or the most of them did.
fn share(all: &[(Role, Outcome)], role: Role, most: bool) -> f64 {
    let done: Vec<f64> = of(all, role).map(|outcome| outcome.done as f64).collect();
    let end = if most { done.iter().copied().reduce(f64::max) } else { done.iter().copied().reduce(f64::min) };
    end.unwrap_or(0.0) / done.iter().sum::<f64>()
}

fn worst(all: &[(Role, Outcome)], role: Role, which: usize) -> f64 {
    of(all, role).map(|outcome| outcome.latencies[which]).max().unwrap_or(0) as f64
}

const READS: Column = Column { name: "reads", value: |all, _| of(all, Role::Reader).map(per_second).sum(), text: rate };
const UPDATES: Column =
    Column { name: "updates", value: |all, _| of(all, Role::Writer).map(per_second).sum(), text: rate };
const TORN: Column = Column { name: "torn", value: |all, _| all.iter().map(|(_, o)| o.torn as f64).sum(), text: whole };
const SOLO: Column = Column {
    name: "of its rate alone",
    value: |all, solo| of(all, Role::Writer).map(per_second).sum::<f64>() / solo,
    text: factor,
};

const READER: &[Column] = &[
    READS,
    Column { name: "p50", value: |all, _| worst(all, Role::Reader, 0), text: time },
    Column { name: "p99", value: |all, _| worst(all, Role::Reader, 1), text: time },
    Column { name: "p99.9", value: |all, _| worst(all, Role::Reader, 2), text: time },
    TORN,
];
const WRITER: &[Column] = &[
    UPDATES,
    Column { name: "p50", value: |all, _| worst(all, Role::Writer, 0), text: time },
    Column { name: "p99", value: |all, _| worst(all, Role::Writer, 1), text: time },
    Column { name: "p99.9", value: |all, _| worst(all, Role::Writer, 2), text: time },
    SOLO,
];
const STAYING: &[Column] = &[
    UPDATES,
    SOLO,
    Column { name: "p99.9", value: |all, _| worst(all, Role::Writer, 2), text: time },
    Column { name: "stays", value: |all, _| of(all, Role::Holder).map(|o| o.done as f64).sum(), text: whole },
    TORN,
];
const CROWD_OF_READERS: &[Column] = &[
    READS,
    Column { name: "least share", value: |all, _| share(all, Role::Reader, false), text: percent },
    Column { name: "largest share", value: |all, _| share(all, Role::Reader, true), text: percent },
    UPDATES,
    TORN,
];
const CROWD_OF_WRITERS: &[Column] = &[
    UPDATES,
    Column { name: "least share", value: |all, _| share(all, Role::Writer, false), text: percent },
    Column { name: "largest share", value: |all, _| share(all, Role::Writer, true), text: percent },
    Column { name: "p99", value: |all, _| worst(all, Role::Writer, 1), text: time },
    Column { name: "p99.9", value: |all, _| worst(all, Role::Writer, 2), text: time },
];

/// Scenes, and the tables that show them: two for a pair.
fn scenes() -> Vec<(Scene, Option<String>)> {
    let scene = |title: String, bytes, cast, columns| Scene { title, bytes, cast, columns };
    let pair = |bytes| {
        let cast = vec![Role::Reader, Role::Writer];
        (scene(reader_title(bytes), bytes, cast, READER), Some(writer_title(bytes)))
    };
    let readers = vec![Role::Reader, Role::Reader, Role::Reader, Role::Reader, Role::Writer];
    let mut all: Vec<_> = SIZES.into_iter().map(pair).collect();
    all.push((scene(HOLDER.to_owned(), 64, vec![Role::Holder, Role::Writer], STAYING), None));
    all.push((scene("4 readers and a writer, 64 B".to_owned(), 64, readers, CROWD_OF_READERS), None));
    for count in [4, 16] {
        all.push((scene(writers_title(count), 64, vec![Role::Writer; count], CROWD_OF_WRITERS), None));
    }
    all
}

pub fn steps() -> usize {
    scenes().len()
}

pub fn run(effort: Effort, kinds: &[Kind], results: &mut Results, bar: &ProgressBar) -> Result<()> {
    let rounds = effort.lives.div_ceil(4);
    for (scene, reverse) in scenes() {
        bar.set_message(scene.title.clone());
        let writers = scene.cast.iter().filter(|role| **role == Role::Writer).count();
        let work = if writers > 1 { Work::Writers } else { Work::Beside };
        // What was seen in each round, who by who.
        let mut seen: Vec<Result<Vec<Seen>>> = kinds.iter().map(|_| Ok(Vec::new())).collect();
        for _ in 0..rounds {
            for (kind, seen) in kinds.iter().zip(&mut seen) {
                if let (None, Ok(rounds)) = (kind.cannot(work, scene.bytes), &mut *seen) {
                    match round(*kind, &scene, effort.beside) {
                        Ok(one) => rounds.push(one),
                        Err(error) => *seen = Err(error),
                    }
                }
            }
        }
        let table = |title: &str, columns: &[Column]| {
            let mut table = Table::new(title, columns.iter().map(|column| column.name), false);
            for (kind, seen) in kinds.iter().zip(&seen) {
                let mut row = Row::new(*kind);
                row.cells = columns.iter().map(|column| cell(column, kind.cannot(work, scene.bytes), seen)).collect();
                table.rows.push(row);
            }
            table
        };
        results.tables.push(table(&scene.title, scene.columns));
        if let Some(title) = reverse {
            results.tables.push(table(&title, WRITER));
        }
        bar.inc(1);
    }
    Ok(())
}

struct Seen {
    all: Vec<(Role, Outcome)>,
    solo: f64,
}

fn cell(column: &Column, cannot: Option<&str>, seen: &Result<Vec<Seen>>) -> Cell {
    match (cannot, seen) {
        (Some(why), _) => Cell::Cannot(why.to_owned()),
        (None, Err(error)) => Cell::Cannot(format!("failed: {error:#}")),
        // A torn read is one too many, in whatever round.
        (None, Ok(seen)) if column.name == TORN.name => {
            let torn = seen.iter().map(|seen| (column.value)(&seen.all, seen.solo)).sum();
            Cell::Figure(torn, (column.text)(torn))
        }
        (None, Ok(seen)) => {
            let values = seen.iter().map(|seen| (column.value)(&seen.all, seen.solo)).collect();
            let stat = Stat::of(values);
            stat.map_or(Cell::Cannot("not measured".to_owned()), |s| Cell::Figure(s.median, (column.text)(s.median)))
        }
    }
}

fn round(kind: Kind, scene: &Scene, time: Duration) -> Result<Seen> {
    let solo = play(kind, scene.bytes, &[Role::Writer], time)?;
    let solo = solo.first().map(|(_, outcome)| per_second(outcome)).context("a writer")?;
    Ok(Seen { all: play(kind, scene.bytes, &scene.cast, time)?, solo })
}

/// Lets all of them run for a while, and looks whether the counter counted what the writers did.
fn play(kind: Kind, bytes: usize, cast: &[Role], time: Duration) -> Result<Vec<(Role, Outcome)>> {
    let place = Place::new()?;
    let mut peer = kind.create(place.path(), bytes)?;
    let start = |(core, role): (usize, &Role)| {
        let mut process = Process::start(kind, place.path(), bytes, *role, core, time)?;
        process.wait_until_ready()?;
        Ok((*role, process))
    };
    let cores = std::thread::available_parallelism()?.get();
    let mut processes =
        cast.iter().enumerate().map(|(i, role)| start((i % cores, role))).collect::<Result<Vec<_>>>()?;
    for (_, process) in &mut processes {
        process.go()?;
    }
    let outcomes = processes.iter_mut().map(|(role, process)| Ok((*role, process.outcome()?)));
    let outcomes = outcomes.collect::<Result<Vec<_>>>()?;
    let done: u64 = of(&outcomes, Role::Writer).map(|outcome| outcome.done).sum();
    let counter = peer.counter()?;
    ensure!(counter == done, "the counter is {counter} after {done} updates");
    Ok(outcomes)
}
