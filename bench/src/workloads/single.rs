//! One process, one operation after the other.

use super::RegionDir;
use crate::counter_list::{SIZES, size_name};
use crate::measure::{Effort, Progress, Side, in_turns};
use crate::op::{Op, Shape};
use crate::peers::{Kind, Peer, Work};
use crate::results::{Cell, Results, Row, Table};
use anyhow::{Result, ensure};

/// A peer, and the commands that it has received so far.
struct Party {
    peer: Box<dyn Peer>,
    next: u64,
    counter: u64,
    /// As long as it is known.
    sum: Option<u64>,
}

impl Party {
    fn new(kind: Kind, shape: Shape, dir: &RegionDir, bytes: usize) -> Result<Party> {
        let mut peer = settled(kind, shape, dir, bytes)?;
        // A map's keys may be in it, and are not known here.
        let sum = if shape == Shape::List { bytes as u64 / 8 } else { peer.look()?.1 };
        let mut party = Party { peer, next: 0, counter: 0, sum: Some(sum) };
        party.round(if shape == Shape::List { Op::UpdateOne } else { Op::UpdateKey }, WARM_UP)?;
        Ok(party)
    }

    /// Does it that often, and looks whether the counter counted it.
    fn round(&mut self, op: Op, count: u64) -> Result<f64> {
        let range = self.next..self.next + count;
        self.next = range.end;
        let (torn, time) = self.peer.timed(op, range)?;
        ensure!(torn == 0, "torn without a writer");
        self.counter += op.counts() * count;
        self.sum = self.sum.zip(op.adds()).map(|(sum, adds)| sum.wrapping_add(adds * count));
        let counter = self.peer.counter()?;
        ensure!(counter == self.counter, "the counter is {counter} after {} updates", self.counter);
        Ok(time)
    }

    /// Whether all items together are what the updates made of them.
    fn check(&mut self) -> Result<()> {
        let Some(expected) = self.sum else { return Ok(()) };
        let (counter, sum) = self.peer.look()?;
        ensure!(counter == self.counter, "the counter is {counter} after {} updates", self.counter);
        ensure!(sum == expected, "the sum is {sum} and not {expected}");
        Ok(())
    }
}

/// A peer that is where it is after many updates.
pub fn settled(kind: Kind, shape: Shape, dir: &RegionDir, bytes: usize) -> Result<Box<dyn Peer>> {
    let mut peer = kind.shaped(shape, dir.path(), bytes)?;
    // A peer with several copies touches each of them for the first time.
    for _ in 0..3 {
        peer.touch()?;
    }
    peer.settle()?;
    Ok(peer)
}

/// Updates before anything is measured.
pub const WARM_UP: u64 = 64;

const SHAPES: [Shape; 2] = [Shape::List, Shape::Map];

/// What is asked for of a shape.
fn wanted(effort: Effort, shape: Shape) -> Vec<Op> {
    Op::measured(shape).iter().copied().filter(|op| effort.wants(op.title())).collect()
}

pub fn steps(effort: Effort) -> usize {
    SHAPES.map(|shape| wanted(effort, shape).len() * effort.sizes).iter().sum()
}

pub fn run(effort: Effort, kinds: &[Kind], results: &mut Results, progress: &Progress) -> Result<()> {
    let sizes = &SIZES[..effort.sizes];
    for shape in SHAPES {
        let ops = wanted(effort, shape);
        if ops.is_empty() {
            continue;
        }
        let table = |op: &Op| {
            let mut table = Table::new(op.title(), sizes.iter().map(|bytes| size_name(*bytes)), true);
            table.rows = kinds.iter().map(|kind| Row::new(*kind)).collect();
            table
        };
        let mut tables: Vec<Table> = ops.iter().map(table).collect();
        for bytes in sizes {
            progress.say(&format!("filling {}", size_name(*bytes)));
            let dir = RegionDir::new()?;
            let open = |kind: &Kind| {
                let able = ops.iter().any(|op| kind.cannot(Work::Op(*op), *bytes).is_none());
                able.then(|| Party::new(*kind, shape, &dir, *bytes))
            };
            let mut parties: Vec<Option<Result<Party>>> = kinds.iter().map(open).collect();
            for (op, table) in ops.iter().zip(&mut tables) {
                progress.say(&format!("{}, {}", op.title(), size_name(*bytes)));
                one(effort, *op, *bytes, kinds, &mut parties, table);
                progress.step();
            }
        }
        results.tables.append(&mut tables);
    }
    Ok(())
}

/// One column of one table.
fn one(effort: Effort, op: Op, bytes: usize, kinds: &[Kind], parties: &mut [Option<Result<Party>>], table: &mut Table) {
    let mut sides: Vec<Side<'_>> = Vec::new();
    let mut measured = Vec::new();
    for (index, (kind, party)) in kinds.iter().zip(parties.iter_mut()).enumerate() {
        let cannot = match (kind.cannot(Work::Op(op), bytes), party) {
            (Some(why), _) => why,
            (None, Some(Ok(party))) => {
                // What the operation before has left to be done is not this one's.
                let _ = party.peer.settle();
                sides.push(Box::new(|count| party.round(op, count)));
                measured.push(index);
                String::new()
            }
            (None, Some(Err(error))) => format!("failed: {error:#}"),
            (None, None) => "not measured".to_owned(),
        };
        table.rows[index].cells.push(Cell::Cannot(cannot));
    }
    let times = in_turns(effort, &mut sides);
    drop(sides);
    for (index, times) in measured.into_iter().zip(times) {
        let checked = match &mut parties[index] {
            Some(Ok(party)) => times.and_then(|times| party.check().map(|()| times)),
            _ => times,
        };
        if let (Err(error), party) = (&checked, &mut parties[index]) {
            *party = Some(Err(anyhow::anyhow!("{error:#}"))); // what it says is not to be trusted any more
        }
        if let Some(cell) = table.rows[index].cells.last_mut() {
            *cell = Cell::of(checked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Loses every tenth update, or counts it and changes nothing.
    struct Careless {
        counter: u64,
        sum: u64,
        loses_counts: bool,
    }

    impl Peer for Careless {
        fn run(&mut self, _: Op, range: std::ops::Range<u64>) -> Result<u64> {
            for i in range {
                self.counter += u64::from(!self.loses_counts || i % 10 != 9);
                self.sum += u64::from(self.loses_counts || i % 10 != 9);
            }
            Ok(0)
        }
        fn counter(&mut self) -> Result<u64> {
            Ok(self.counter)
        }
        fn look(&mut self) -> Result<(u64, u64)> {
            Ok((self.counter, self.sum))
        }
        fn hold(&mut self, _: Duration) -> Result<u64> {
            Ok(0)
        }
        fn hang_in_update(&mut self, _: &mut dyn FnMut()) -> Result<()> {
            Ok(())
        }
    }

    fn careless(loses_counts: bool) -> Party {
        let peer = Box::new(Careless { counter: 0, sum: 8, loses_counts });
        Party { peer, next: 0, counter: 0, sum: Some(8) }
    }

    #[test]
    fn lost_updates_are_found() {
        let mut party = careless(true);
        assert!(party.round(Op::UpdateOne, 9).is_ok());
        assert!(party.round(Op::UpdateOne, 1).is_err());
        let mut party = careless(false);
        assert!(party.round(Op::UpdateOne, 9).is_ok());
        assert!(party.check().is_ok());
        assert!(party.round(Op::UpdateOne, 1).is_ok());
        assert!(party.check().is_err());
    }

    /// All that are built in do all that they say they can.
    #[test]
    fn every_peer_counts_right() {
        for (kind, shape) in Kind::all().0.into_iter().flat_map(|kind| SHAPES.map(|shape| (kind, shape))) {
            let able = |op: &&Op| kind.cannot(Work::Op(**op), 4 << 10).is_none();
            let mut ops = Op::measured(shape).iter().filter(able).peekable();
            if ops.peek().is_none() {
                continue;
            }
            let dir = RegionDir::new().unwrap();
            let mut party = Party::new(kind, shape, &dir, 4 << 10).unwrap();
            party.check().unwrap();
            for op in ops {
                let done = party.round(*op, 3).and_then(|_| party.check());
                done.unwrap_or_else(|e| panic!("{kind:?}, {op:?}: {e:#}"));
            }
        }
    }
}
