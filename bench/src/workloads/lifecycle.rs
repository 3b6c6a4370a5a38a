//! What begins and ends: making a state, attaching to it, the death of a writer, and the memory it takes.

use super::RegionDir;
use crate::child::{Orders, Process, Role};
use crate::counter_list::{SIZES, size_name};
use crate::measure::{Effort, Progress, timed};
use crate::op::Op;
use crate::peers::{Kind, Work, python};
use crate::results::{Better, Cell, Results, Row, Table, kib};
use anyhow::{Result, ensure};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub const CREATE: &str = "create";
pub const ATTACH: &str = "attach and read once, while others have it open";
pub const COLD: &str = "attach and read once, while no process has it open";
pub const DEATH: &str = "first update after a writer was killed within an update";
pub const MEMORY: &str = "memory: bytes of the files";

/// Updates before a death: more than the 1 024 after which each copy of a new state is whole, as in a service that has run for a
/// moment.
const SETTLED: u64 = 2048;

const TITLES: [&str; 5] = [CREATE, ATTACH, COLD, DEATH, MEMORY];

pub fn steps(effort: Effort) -> usize {
    if TITLES.iter().any(|title| effort.wants(title)) { effort.sizes } else { 0 }
}

pub fn run(effort: Effort, kinds: &[Kind], results: &mut Results, progress: &Progress) -> Result<()> {
    let sizes = &SIZES[..effort.sizes];
    if steps(effort) == 0 {
        return Ok(());
    }
    let mut tables = TITLES.map(|title| {
        let mut table = Table::new(title, sizes.iter().map(|bytes| size_name(*bytes)), true);
        table.rows = kinds.iter().map(|kind| Row::new(*kind)).collect();
        table
    });
    for bytes in sizes {
        progress.say(&format!("create, attach, die: {}", size_name(*bytes)));
        let mut lives: Vec<Life> = kinds.iter().map(|kind| Life::new(*kind, *bytes)).collect();
        for round in 0..effort.lives {
            for life in &mut lives {
                // What takes long is not done as often.
                if round == 0 || life.spent < 4.0 * effort.budget.as_nanos() as f64 {
                    life.round();
                }
            }
        }
        for (index, life) in lives.into_iter().enumerate() {
            for (table, cell) in tables.iter_mut().zip(life.cells()) {
                table.rows[index].cells.push(cell);
            }
        }
        progress.step();
    }
    results.tables.extend(tables);
    Ok(())
}

/// The lives of one peer's states.
struct Life {
    kind: Kind,
    bytes: usize,
    spent: f64,
    create: Result<Vec<f64>>,
    attach: Result<Vec<f64>>,
    cold: Result<Vec<f64>>,
    death: Result<Vec<f64>>,
    torn: u64,
    memory: Option<u64>,
}

impl Life {
    fn new(kind: Kind, bytes: usize) -> Life {
        let none = || Ok(Vec::new());
        let (create, attach, cold, death) = (none(), none(), none(), none());
        Life { kind, bytes, spent: 0.0, create, attach, cold, death, torn: 0, memory: None }
    }

    fn can(&self, work: Work) -> bool {
        self.kind.cannot(work, self.bytes).is_none()
    }

    fn round(&mut self) {
        if !self.can(Work::Create) {
            return;
        }
        let ((), time) = timed(|| {
            let lived = if self.kind.is_python() { self.live_in_python() } else { self.live() };
            if let Err(error) = lived {
                self.create = Err(error);
            }
        });
        self.spent += time;
    }

    fn live_in_python(&mut self) -> Result<()> {
        let [create, attach, cold] = python::life(self.kind, self.bytes)?;
        keep(&mut self.create, Ok(create));
        keep(&mut self.attach, Ok(attach));
        keep(&mut self.cold, Ok(cold));
        Ok(())
    }

    fn live(&mut self) -> Result<()> {
        let dir = RegionDir::new()?;
        let (peer, time) = timed(|| self.kind.create(dir.path(), self.bytes));
        let peer = peer?;
        keep(&mut self.create, Ok(time));
        let time = self.attach_once(dir.path());
        keep(&mut self.attach, time);
        self.memory = Some(blocks(dir.path())?);
        drop(peer);
        if self.can(Work::AttachCold) {
            let time = self.attach_once(dir.path());
            keep(&mut self.cold, time);
        }
        drop(dir);
        if self.can(Work::Death) {
            let time = self.die();
            keep(&mut self.death, time);
        }
        Ok(())
    }

    fn attach_once(&self, dir: &Path) -> Result<f64> {
        let mut process = Process::start(&Orders::new(self.kind, dir, self.bytes, Role::Attacher, 0))?;
        let outcome = process.outcome()?;
        ensure!(outcome.torn == 0, "torn without a writer");
        Ok(outcome.time)
    }

    fn die(&mut self) -> Result<f64> {
        let dir = RegionDir::new()?;
        let mut peer = self.kind.create(dir.path(), self.bytes)?;
        if self.can(Work::Writers) {
            peer.run(Op::UpdateLast, 0..SETTLED)?;
        }
        let mut victim = Process::start(&Orders::new(self.kind, dir.path(), self.bytes, Role::Victim, 1))?;
        victim.wait_until_ready()?;
        drop(victim); // killed, and waited for
        let (update, time) = timed(|| peer.run(Op::UpdateLast, 0..1));
        update?;
        self.torn += peer.run(Op::ReadLast, 0..1)?;
        Ok(time)
    }

    /// In the order of the tables.
    fn cells(self) -> [Cell; 5] {
        let (kind, bytes, torn) = (self.kind, self.bytes, self.torn);
        let cell = |work, times| match kind.cannot(work, bytes) {
            Some(why) => Cell::Cannot(why),
            None => Cell::of(times),
        };
        let mut death = cell(Work::Death, self.death);
        if let Cell::Time(_, remark) = &mut death {
            *remark = (torn > 0).then(|| "torn".to_owned());
        }
        let memory = match kind.cannot(Work::Memory, bytes) {
            Some(why) => Cell::Cannot(why),
            None => Cell::figure(self.memory.map(|bytes| bytes as f64).into_iter().collect(), kib, Better::Less),
        };
        [
            cell(Work::Create, self.create),
            cell(Work::Attach, self.attach),
            cell(Work::AttachCold, self.cold),
            death,
            memory,
        ]
    }
}

/// What failed once is not measured any more.
fn keep(times: &mut Result<Vec<f64>>, time: Result<f64>) {
    match (&mut *times, time) {
        (Ok(times), Ok(time)) => times.push(time),
        (Ok(_), Err(error)) => *times = Err(error),
        (Err(_), _) => {}
    }
}

/// The bytes that the files of a directory take.
fn blocks(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { blocks(&entry.path())? } else { entry.metadata()?.blocks() * 512 };
    }
    Ok(bytes)
}
