//! What plain updates lose while another thread writes what they change.

use crate::{Effort, median, memory};
use anyhow::Result;
use comfy_table::Table;
use shmstate::{Array, SharedLayout, State};
use shmstate_durable::DurableState;
use std::path::Path;
use std::time::{Duration, Instant};

/// Items of 8 bytes.
const ITEMS: usize = 128 << 10;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    items: Array<u64, ITEMS>,
}

/// The intervals that are measured.
const INTERVALS: [Duration; 2] = [Duration::from_secs(1), Duration::from_millis(100)];

pub fn table(dir: &Path, effort: Effort) -> Result<Table> {
    let (dir, memory) = (tempfile::tempdir_in(dir)?, memory()?);
    let plain = State::<Board>::create(memory.path().join("plain"))?;
    let mut rates = [const { Vec::new() }; 1 + INTERVALS.len()];
    for round in 0..effort.rounds {
        rates[0].push(rate(&plain, effort)?);
        for (n, interval) in INTERVALS.iter().enumerate() {
            let name = memory.path().join(format!("board-{n}-{round}"));
            let board = DurableState::<Board>::options().interval(*interval).open(&name, dir.path())?;
            rates[1 + n].push(rate(&board, effort)?);
            drop(board);
            shmstate_durable::remove(&name)?;
        }
    }
    let base = median(rates[0].clone());
    let mut shown = crate::table(["state", "updates/s", "of the plain rate"]);
    let names =
        ["plain".to_owned()].into_iter().chain(INTERVALS.iter().map(|interval| format!("durable, each {interval:?}")));
    for (name, rates) in names.zip(rates) {
        let rate = median(rates);
        shown.add_row([name, format!("{:.2} M", rate / 1e6), format!("{:.1} %", 100.0 * rate / base)]);
    }
    Ok(shown)
}

/// Updates per second of one thread.
fn rate(state: &State<Board>, effort: Effort) -> Result<f64> {
    let (begin, mut count, mut next) = (Instant::now(), 0u64, 1u64);
    let time = effort.time.max(Duration::from_millis(1500));
    while begin.elapsed() < time {
        for _ in 0..1000 {
            next = next.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            state.update(|s| {
                s.ticks += 1;
                s.items[(next >> 33) as usize % ITEMS] = next;
            })?;
        }
        count += 1000;
    }
    Ok(count as f64 / begin.elapsed().as_secs_f64())
}
