//! Several processes at once: a continuous reader beside a continuous writer, readers that stay, crowds of both.

use super::processes::{Processes, Seen, per_second};
use crate::chart::Series;
use crate::child::{Outcome, Role};
use crate::counter_list::{HUGE, SIZES, size_name};
use crate::measure::{Effort, Progress};
use crate::peers::{Kind, Work};
use crate::results::{Better, Cell, Results, Row, Table, factor, percent, rate, time, whole};
use anyhow::Result;
use std::time::Duration;

/// A title, how often it is run, and what its columns say.
struct Scene {
    title: String,
    processes: Processes,
    rounds: usize,
    columns: &'static [Column],
    /// A second table of the same: its title.
    reverse: Option<String>,
}

/// One number of a scene: from what all of them did, and what a writer alone does per second.
struct Column {
    name: &'static str,
    value: fn(&Seen) -> f64,
    text: fn(f64) -> String,
    better: Better,
}

/// The states that readers stay in.
pub const STAYED_IN: [usize; 2] = [64, HUGE];

/// For how long.
pub const STAYS: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(1)];

pub const CROWD: &str = "4 readers and a writer, 64 B";

pub fn reader_title(bytes: usize) -> String {
    format!("a reader beside a continuous writer, {}", size_name(bytes))
}

pub fn writer_title(bytes: usize) -> String {
    format!("a writer beside a continuous reader, {}", size_name(bytes))
}

pub fn writers_title(count: usize) -> String {
    format!("{count} writers, 64 B")
}

pub fn stay_name(stay: Duration) -> String {
    if stay.subsec_millis() == 0 { format!("{} s", stay.as_secs()) } else { format!("{} ms", stay.as_millis()) }
}

pub fn stay_title(stay: Duration, bytes: usize) -> String {
    format!("a writer beside a reader that stays in each read for {}, {}", stay_name(stay), size_name(bytes))
}

fn readers(seen: &Seen) -> impl Iterator<Item = &Outcome> {
    seen.all.iter().filter(|(role, _)| *role == Role::Reader).map(|(_, outcome)| outcome)
}

fn writers(seen: &Seen) -> impl Iterator<Item = &Outcome> {
    seen.all.iter().filter(|(role, _)| role.writes()).map(|(_, outcome)| outcome)
}

fn updates(seen: &Seen) -> f64 {
    writers(seen).map(per_second).sum()
}

/// Of all that they did, what the least and the most of them did.
fn shares<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> [f64; 2] {
    let done: Vec<f64> = outcomes.map(|outcome| outcome.done as f64).collect();
    let (least, most) = done.iter().fold((f64::MAX, 0.0f64), |(least, most), d| (least.min(*d), most.max(*d)));
    [least, most].map(|part| part / done.iter().sum::<f64>())
}

/// The worst latency of all.
fn worst<'a>(outcomes: impl Iterator<Item = &'a Outcome>, which: usize) -> f64 {
    outcomes.map(|outcome| outcome.latencies[which]).max().unwrap_or(0) as f64
}

const fn more(name: &'static str, value: fn(&Seen) -> f64) -> Column {
    Column { name, value, text: rate, better: Better::More }
}

const fn less(name: &'static str, value: fn(&Seen) -> f64) -> Column {
    Column { name, value, text: time, better: Better::Less }
}

const fn plain(name: &'static str, value: fn(&Seen) -> f64, text: fn(f64) -> String) -> Column {
    Column { name, value, text, better: Better::Neither }
}

const READS: Column = more("reads", |seen| readers(seen).map(per_second).sum());
const UPDATES: Column = more("updates", updates);
const TORN: Column = plain("torn", |seen| seen.all.iter().map(|(_, o)| o.torn as f64).sum(), whole);
const ALONE: Column = plain("of its rate alone", |seen| updates(seen) / seen.solo, factor);

const READER: &[Column] = &[
    READS,
    less("p50", |seen| worst(readers(seen), 0)),
    less("p99", |seen| worst(readers(seen), 1)),
    less("p99.9", |seen| worst(readers(seen), 2)),
    TORN,
];
const WRITER: &[Column] = &[
    UPDATES,
    less("p50", |seen| worst(writers(seen), 0)),
    less("p99", |seen| worst(writers(seen), 1)),
    less("p99.9", |seen| worst(writers(seen), 2)),
    ALONE,
];
const STAYING: &[Column] = &[
    UPDATES,
    ALONE,
    less("p99.9", |seen| worst(writers(seen), 2)),
    less("longest", |seen| worst(writers(seen), 3)),
    plain("stays", |seen| seen.all.iter().filter(|(r, _)| *r == Role::Holder).map(|(_, o)| o.done as f64).sum(), whole),
    TORN,
];
const CROWD_OF_READERS: &[Column] = &[
    READS,
    plain("least share", |seen| shares(readers(seen))[0], percent),
    plain("largest share", |seen| shares(readers(seen))[1], percent),
    UPDATES,
    TORN,
];
const CROWD_OF_WRITERS: &[Column] = &[
    UPDATES,
    plain("least share", |seen| shares(writers(seen))[0], percent),
    plain("largest share", |seen| shares(writers(seen))[1], percent),
    less("p99", |seen| worst(writers(seen), 1)),
    less("p99.9", |seen| worst(writers(seen), 2)),
];

/// The sizes of the scenes with two.
fn sizes(effort: Effort) -> &'static [usize] {
    &SIZES[..effort.sizes.min(SIZES.len() - 1)]
}

fn scenes(effort: Effort) -> Vec<Scene> {
    let rounds = effort.lives.div_ceil(4);
    let processes = |bytes, cast: &[Role], solo| Processes {
        bytes,
        cast: cast.to_vec(),
        time: effort.beside,
        stay: Duration::ZERO,
        solo,
    };
    let mut all = Vec::new();
    for bytes in sizes(effort) {
        let processes = processes(*bytes, &[Role::Reader, Role::Writer], true);
        let reverse = Some(writer_title(*bytes));
        all.push(Scene { title: reader_title(*bytes), processes, rounds, columns: READER, reverse });
    }
    for (bytes, stay) in STAYED_IN.into_iter().flat_map(|bytes| STAYS.map(|stay| (bytes, stay))) {
        if bytes > effort.most() || 5 * stay / 2 > effort.patience {
            continue;
        }
        let mut processes = processes(bytes, &[Role::Holder, Role::Rover], true);
        (processes.stay, processes.time) = (stay, effort.beside.max(5 * stay / 2));
        // What takes seconds has its many updates in one round.
        let rounds = if processes.time > effort.beside || bytes > SIZES[4] { 1 } else { rounds };
        all.push(Scene { title: stay_title(stay, bytes), processes, rounds, columns: STAYING, reverse: None });
    }
    let crowd = processes(64, &[Role::Reader, Role::Reader, Role::Reader, Role::Reader, Role::Writer], false);
    all.push(Scene { title: CROWD.to_owned(), processes: crowd, rounds, columns: CROWD_OF_READERS, reverse: None });
    for count in [4, 16] {
        let processes = processes(64, &vec![Role::Writer; count], false);
        all.push(Scene { title: writers_title(count), processes, rounds, columns: CROWD_OF_WRITERS, reverse: None });
    }
    all.retain(|scene| effort.wants(&scene.title) || scene.reverse.as_ref().is_some_and(|title| effort.wants(title)));
    all
}

/// What is drawn of them.
pub fn series() -> Vec<Series> {
    let by_size = |what: &str, column, table: fn(usize) -> String| {
        let tables = SIZES.iter().map(|bytes| (size_name(*bytes), table(*bytes))).collect();
        Series { title: what.to_owned(), column, tables }
    };
    let stays = STAYED_IN.into_iter().flat_map(|bytes| STAYS.map(|stay| (bytes, stay)));
    let stays =
        stays.map(|(bytes, stay)| (format!("{}, {}", stay_name(stay), size_name(bytes)), stay_title(stay, bytes)));
    let crowd = vec![("1 reader".to_owned(), reader_title(64)), ("4 readers".to_owned(), CROWD.to_owned())];
    let first = ("1 writer, 1 reader".to_owned(), writer_title(64));
    let writers = [4, 16].map(|count| (format!("{count} writers"), writers_title(count)));
    vec![
        by_size("reads beside a continuous writer", "reads", reader_title),
        by_size("p99.9 of reads beside a continuous writer", "p99.9", reader_title),
        by_size("updates beside a continuous reader", "updates", writer_title),
        by_size("p99.9 of updates beside a continuous reader", "p99.9", writer_title),
        Series { title: "updates beside a reader that stays".to_owned(), column: "updates", tables: stays.collect() },
        Series { title: "reads of several readers beside a writer".to_owned(), column: "reads", tables: crowd },
        Series {
            title: "updates of several writers".to_owned(),
            column: "updates",
            tables: [first].into_iter().chain(writers).collect(),
        },
    ]
}

pub fn steps(effort: Effort) -> usize {
    scenes(effort).len()
}

pub fn run(effort: Effort, kinds: &[Kind], results: &mut Results, progress: &Progress) -> Result<()> {
    for scene in scenes(effort) {
        progress.say(&scene.title);
        let writers = scene.processes.cast.iter().filter(|role| role.writes()).count();
        let work = if writers > 1 { Work::Writers } else { Work::Beside };
        // What was seen in each round, peer by peer.
        let mut seen: Vec<Result<Vec<Seen>>> = kinds.iter().map(|_| Ok(Vec::new())).collect();
        for _ in 0..scene.rounds {
            for (kind, seen) in kinds.iter().zip(&mut seen) {
                if let (None, Ok(rounds)) = (kind.cannot(work, scene.processes.bytes), &mut *seen) {
                    match scene.processes.run(*kind) {
                        Ok(one) => rounds.push(one),
                        Err(error) => *seen = Err(error),
                    }
                }
            }
        }
        let table = |title: &str, columns: &[Column]| {
            let mut table = Table::new(title, columns.iter().map(|column| column.name), true);
            for (kind, seen) in kinds.iter().zip(&seen) {
                let cell = |column| cell(column, kind.cannot(work, scene.processes.bytes), seen);
                table.rows.push(Row { cells: columns.iter().map(cell).collect(), ..Row::new(*kind) });
            }
            table
        };
        results.tables.push(table(&scene.title, scene.columns));
        if let Some(title) = &scene.reverse {
            results.tables.push(table(title, WRITER));
        }
        progress.step();
    }
    Ok(())
}

fn cell(column: &Column, cannot: Option<String>, seen: &Result<Vec<Seen>>) -> Cell {
    match (cannot, seen) {
        (Some(why), _) => Cell::Cannot(why),
        (None, Err(error)) => Cell::Cannot(format!("failed: {error:#}")),
        (None, Ok(seen)) => {
            let mut values: Vec<f64> = seen.iter().map(column.value).collect();
            // A torn read is one too many, in whatever round.
            if column.name == TORN.name && !values.is_empty() {
                values = vec![values.iter().sum()];
            }
            Cell::figure(values, column.text, column.better)
        }
    }
}
