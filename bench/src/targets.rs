//! What is aimed at, and whether it was met. Nothing fails on it.

use crate::counter_list::{LARGE, SIZES, size_name};
use crate::op::Op;
use crate::peers::Kind;
use crate::peers::bells::Bell;
use crate::results::{Results, factor, kib, percent, time, whole};
use crate::workloads::{concurrent, follow, lifecycle, wake};

pub struct Verdict {
    pub aim: String,
    pub bound: String,
    pub measured: String,
    pub met: bool,
}

/// Collects what can be said; what was not measured is not judged.
struct Judge<'a> {
    results: &'a Results,
    verdicts: Vec<Verdict>,
}

impl Judge<'_> {
    /// Our time over theirs.
    fn over(&self, op: Op, theirs: Kind, bytes: usize) -> Option<f64> {
        let (table, size) = (self.results.table(op.title())?, size_name(bytes));
        Some(table.stat(Kind::Ours.name(), &size)?.over(table.stat(theirs.name(), &size)?))
    }

    fn say(&mut self, aim: String, value: Option<f64>, bound: f64, at_least: bool, text: fn(f64) -> String) {
        let Some(value) = value else { return };
        let met = if at_least { value >= bound } else { value <= bound };
        self.verdicts.push(Verdict { aim, bound: text(bound), measured: text(value), met });
    }

    fn at_most(&mut self, aim: String, value: Option<f64>, bound: f64, text: fn(f64) -> String) {
        self.say(aim, value, bound, false, text);
    }

    fn at_least(&mut self, aim: String, value: Option<f64>, bound: f64, text: fn(f64) -> String) {
        self.say(aim, value, bound, true, text);
    }
}

pub fn judge(results: &Results) -> Vec<Verdict> {
    let mut judge = Judge { results, verdicts: Vec::new() };
    solo(&mut judge);
    together(&mut judge);
    lives(&mut judge);
    followed(&mut judge);
    judge.verdicts
}

fn ratio(ours: Option<f64>, theirs: Option<f64>) -> Option<f64> {
    Some(ours? / theirs?)
}

/// The sizes of which a time is asked for by itself.
const SMALL: &[usize] = SIZES.split_at(4).0;

fn solo(judge: &mut Judge<'_>) {
    let ours = Kind::Ours.name();
    for bytes in SMALL {
        let name = size_name(*bytes);
        let read = judge.over(Op::ReadOne, Kind::MmapSync, *bytes);
        judge.at_most(format!("read one, over mmap-sync's unsafe read, {name}"), read, 1.0, factor);
        let load = judge.results.get(Op::Load.title(), ours, &name);
        judge.at_most(format!("load a field, {name}"), load, 2.5, time);
        let update = judge.over(Op::UpdateOne, Kind::Mutex, *bytes);
        judge.at_most(format!("update one, over the naive mutex, {name}"), update, 1.5, factor);
    }
    for bytes in SIZES {
        let name = size_name(bytes);
        let all = judge.results.table(Op::ReadAll.title()).and_then(|table| {
            let best = table.best(table.column(&name)?)?;
            Some(table.stat(ours, &name)?.over(best))
        });
        judge.at_most(format!("read all, over the best, {name}"), all, 1.05, factor);
    }
    let [small, large] = [SIZES[0], SIZES[5]].map(|bytes| judge.over(Op::UpdateOne, Kind::Mutex, bytes));
    let growth = ratio(large, small);
    judge.at_most("update one, 1 GiB over 64 B, over the same of the naive mutex".to_owned(), growth, 4.0, factor);
    // The stricter reading: what the mutex's cache misses cost is taken off, and not multiplied by.
    let update = |name, bytes| judge.results.get(Op::UpdateOne.title(), name, &size_name(bytes));
    let misses = difference(update(Kind::Mutex.name(), SIZES[5]), update(Kind::Mutex.name(), SIZES[0]));
    let beyond = ratio(difference(update(ours, SIZES[5]), misses), update(ours, SIZES[0]));
    judge.at_most("update one, 1 GiB less what misses cost the mutex, over 64 B".to_owned(), beyond, 4.0, factor);
    let append = judge.results.get(Op::Append.title(), ours, &size_name(1 << 20));
    judge.at_most("append, 1 MiB".to_owned(), append, 15.0, time);
    let batch = judge.over(Op::Batch, Kind::Mutex, 64 << 20);
    judge.at_most("batch of 1000 in 64 MiB, over the naive mutex".to_owned(), batch, 2.0, factor);
}

fn difference(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? - b?)
}

fn together(judge: &mut Judge<'_>) {
    let (ours, results) = (Kind::Ours.name(), judge.results);
    let torn = results.tables.iter().filter_map(|table| table.get(ours, "torn")).reduce(|a, b| a + b);
    judge.at_most("torn reads".to_owned(), torn, 0.0, whole);
    let p999 = results.get(&concurrent::reader_title(64), ours, "p99.9");
    judge.at_most("a reader beside a writer, p99.9, 64 B".to_owned(), p999, 300.0, time);
    let solo = results.get(&concurrent::writer_title(64), ours, "of its rate alone");
    judge.at_least("a writer beside a reader, of its rate alone, 64 B".to_owned(), solo, 0.5, factor);
    for (bytes, stay) in concurrent::STAYED_IN.into_iter().flat_map(|bytes| concurrent::STAYS.map(|stay| (bytes, stay)))
    {
        let stays = results.get(&concurrent::stay_title(stay, bytes), ours, "of its rate alone");
        let (stay, size) = (concurrent::stay_name(stay), size_name(bytes));
        let aim = format!("a writer beside a reader that stays {stay}, of its rate alone, {size}");
        judge.at_least(aim, stays, 1.0 / 1.5, factor);
    }
    for count in [4, 16] {
        let title = concurrent::writers_title(count);
        let rate = |name| results.get(&title, name, "updates");
        let against = ratio(rate(ours), rate(Kind::Mutex.name()));
        judge.at_least(format!("updates of {count} writers, over the naive mutex"), against, 1.0, factor);
    }
    let least = results.get(&concurrent::writers_title(4), ours, "least share");
    judge.at_least("the least share of 4 writers".to_owned(), least, 0.1, percent);
}

fn lives(judge: &mut Judge<'_>) {
    /// The copies that a region has by default.
    const COPIES: f64 = 3.0;
    let (ours, results) = (Kind::Ours.name(), judge.results);
    for (title, name) in [(lifecycle::ATTACH, "others have it open"), (lifecycle::COLD, "no process has it open")] {
        let attach = results.get(title, ours, &size_name(1 << 30));
        judge.at_most(format!("attach, 1 GiB, {name}"), attach, 1e6, time);
    }
    for bytes in SIZES {
        let name = size_name(bytes);
        let death = results.get(lifecycle::DEATH, ours, &name);
        judge.at_most(format!("update after a death, {name}"), death, 5e6, time);
        let memory = results.get(lifecycle::MEMORY, ours, &name);
        let state = bytes as f64 + 8.0 + 64.0; // the counter, and the head of the list
        // One for each 4 KiB of each copy. At 1 GiB, they alone are more than what is aimed at leaves.
        let bits = COPIES * (state / 4096.0).ceil() / 8.0;
        let page_bits = if bits >= 1024.0 { format!(", with {} of page bits", kib(bits)) } else { String::new() };
        judge.at_most(format!("memory, {name}{page_bits}"), memory, COPIES * state + 65536.0, kib);
    }
}

fn followed(judge: &mut Judge<'_>) {
    let results = judge.results;
    let large = [SIZES[SIZES.len() - 1], LARGE].map(size_name);
    let table = results.table(follow::ALONE);
    let column = large.into_iter().find(|column| table.is_some_and(|table| table.column(column).is_some()));
    let column = column.unwrap_or_default();
    let [advance, read] = [follow::FOLLOWER, follow::READER].map(|row| results.get(follow::ALONE, row, &column));
    judge.at_most(format!("advance a follower, over a read of one item, {column}"), ratio(advance, read), 4.0, factor);
    for title in [follow::READ, follow::COPY] {
        for theirs in [Kind::MmapSync, Kind::Lmdb] {
            let (size, ours) = (size_name(64 << 20), Kind::Ours.name());
            let [ours, peer] = [ours, theirs.name()].map(|row| results.get(title, row, &size));
            judge.at_most(format!("{title}, over {}, {size}", theirs.name()), ratio(ours, peer), 0.1, factor);
        }
    }
    for column in &wake::COLUMNS[..2] {
        let [ours, futex] = [Bell::Ours, Bell::Futex].map(|bell| results.get(wake::WAKE, bell.name(), column));
        judge.at_most(format!("{}, {column}, over a futex", wake::WAKE), ratio(ours, futex), 1.5, factor);
    }
}
