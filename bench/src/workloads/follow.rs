//! What it costs to see an update: for a reader, and for a program that keeps a private copy.

use super::RegionDir;
use super::single::settled;
use crate::counter_list::{LARGE, SIZES, size_name};
use crate::measure::{Effort, Progress, Side, in_turns, timed};
use crate::op::{Op, Shape};
use crate::peers::{Kind, Peer, Work};
use crate::results::{Cell, Results, Row, Table};
use anyhow::Result;

pub const READ: &str = "update one element, and read it";
pub const COPY: &str = "update one element, and bring a private copy of all up to date";
pub const ALONE: &str = "see an update of one element";

/// Rows of the last table.
pub const READER: &str = "read the element and the counter";
pub const FOLLOWER: &str = "advance a follower";

fn sizes(effort: Effort) -> Vec<usize> {
    // Where there is no room for the largest.
    let large = (effort.sizes == SIZES.len() - 1).then_some(LARGE);
    SIZES[..effort.sizes].iter().copied().chain(large).collect()
}

pub fn steps(effort: Effort) -> usize {
    if [READ, COPY, ALONE].iter().any(|title| effort.wants(title)) { sizes(effort).len() } else { 0 }
}

pub fn run(effort: Effort, kinds: &[Kind], results: &mut Results, progress: &Progress) -> Result<()> {
    if steps(effort) == 0 {
        return Ok(());
    }
    let sizes = sizes(effort);
    let table = |title| Table::new(title, sizes.iter().map(|bytes| size_name(*bytes)), title != ALONE);
    let mut tables = [READ, COPY, ALONE].map(table);
    for table in &mut tables[..2] {
        table.rows = kinds.iter().map(|kind| Row::new(*kind)).collect();
    }
    tables[2].rows =
        [READER, FOLLOWER].map(|name| Row { name: name.to_owned(), competes: false, cells: Vec::new() }).into();
    for bytes in sizes {
        progress.say(&format!("seeing an update, {}", size_name(bytes)));
        let dir = RegionDir::new()?;
        let mut peers: Vec<Result<Box<dyn Peer>, String>> = kinds.iter().map(|kind| open(*kind, &dir, bytes)).collect();
        fill(&mut tables[0], column(effort, &mut peers, |peer| Ok(pair(peer, Op::ReadOne))));
        fill(
            &mut tables[1],
            column(effort, &mut peers, |peer| match peer.keeps_copies() {
                true => peer.followed().map(|[both, ..]| both),
                false => Ok(pair(peer, Op::Snapshot)),
            }),
        );
        if let Some(Ok(ours)) = kinds.iter().position(|kind| *kind == Kind::Ours).map(|at| &mut peers[at]) {
            let [_, advance, read] = ours.followed()?;
            fill(&mut tables[2], in_turns(effort, &mut [read, advance]).into_iter().map(Cell::of));
        }
        progress.step();
    }
    results.tables.extend(tables);
    Ok(())
}

/// Or why not.
fn open(kind: Kind, dir: &RegionDir, bytes: usize) -> Result<Box<dyn Peer>, String> {
    if kind.is_python() {
        return Err("each call is a message to another program".to_owned());
    }
    if let Some(why) = kind.cannot(Work::Op(Op::UpdateOne), bytes) {
        return Err(why);
    }
    if bytes >= LARGE && kind != Kind::Ours {
        return Err(format!("not tried: none above {}", size_name(SIZES[SIZES.len() - 2])));
    }
    settled(kind, Shape::List, dir, bytes).map_err(|error| format!("failed: {error:#}"))
}

/// An update, and what sees it, as often as asked for.
fn pair(peer: &mut dyn Peer, seeing: Op) -> Side<'_> {
    let mut next = 0;
    Box::new(move |count| {
        let range = next..next + count;
        next = range.end;
        let (done, time) = timed(|| {
            range.into_iter().try_for_each(|n| {
                peer.run(Op::UpdateOne, n..n + 1)?;
                peer.run(seeing, n..n + 1).map(drop)
            })
        });
        done.map(|()| time)
    })
}

/// One column of a table of all peers.
fn column(
    effort: Effort,
    peers: &mut [Result<Box<dyn Peer>, String>],
    side: impl Fn(&mut dyn Peer) -> Result<Side<'_>>,
) -> Vec<Cell> {
    let (mut sides, mut cells, mut measured) = (Vec::new(), Vec::new(), Vec::new());
    for (index, peer) in peers.iter_mut().enumerate() {
        let made = match peer {
            Ok(peer) => side(&mut **peer).map_err(|error| format!("failed: {error:#}")),
            Err(why) => Err(why.clone()),
        };
        cells.push(Cell::Cannot(made.as_ref().err().cloned().unwrap_or_default()));
        if let Ok(side) = made {
            sides.push(side);
            measured.push(index);
        }
    }
    for (index, times) in measured.into_iter().zip(in_turns(effort, &mut sides)) {
        cells[index] = Cell::of(times);
    }
    cells
}

fn fill(table: &mut Table, cells: impl IntoIterator<Item = Cell>) {
    for (row, cell) in table.rows.iter_mut().zip(cells) {
        row.cells.push(cell);
    }
}
