//! What an interval costs in a large state, of which little has changed.

use crate::{Effort, median, memory};
use anyhow::Result;
use comfy_table::Table;
use shmstate::{Array, SharedLayout};
use shmstate_durable::DurableState;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Items of 8 bytes.
const ITEMS: usize = 32 << 20;

/// Changed items of an interval.
const CHANGED: usize = 1000;

#[derive(SharedLayout)]
#[repr(C)]
struct Large {
    items: Array<u64, ITEMS>,
}

pub fn table(dir: &Path, effort: Effort) -> Result<Table> {
    let (dir, memory) = (tempfile::tempdir_in(dir)?, memory()?);
    // What is measured waits for the disk; nothing is written by the interval.
    let options = DurableState::<Large>::options().copies(2).interval(Duration::from_secs(3600));
    let large = options.timeout(Duration::from_secs(600)).open(memory.path().join("large"), dir.path())?;
    let mut shown = crate::table(["what is written", "time", "written", "processor"]);
    let mut row = |what: &str, measured: Vec<[f64; 3]>| {
        let column = |n: usize| median(measured.iter().map(|row| row[n]).collect());
        let (time, written) =
            (format!("{:.1} ms", column(0) * 1e3), format!("{:.2} MiB", column(1) / f64::from(1 << 20)));
        shown.add_row([what.to_owned(), time, written, format!("{:.1} ms", column(2) * 1e3)]);
    };
    let mut next = 1u64;
    let mut change = |count: usize| -> Result<()> {
        for _ in 0..count {
            next = next.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let at = (next >> 33) as usize % ITEMS;
            large.update(|s| s.items[at] = next)?;
        }
        Ok(())
    };
    large.update(|s| (0..ITEMS).step_by(500).for_each(|at| s.items[at] = at as u64 + 1))?;
    row("all of it, the first time", vec![measure(|| Ok(large.flush().map(drop)?))?]);
    let mut rounds = Vec::new();
    for _ in 0..3 * effort.rounds {
        change(CHANGED)?;
        rounds.push(measure(|| Ok(large.flush().map(drop)?))?);
    }
    row("1 000 changed items", rounds);
    let image = vec![1u8; 8 * ITEMS];
    let by_hand = || {
        let mut file = File::create(dir.path().join("image"))?;
        file.write_all(&image)?;
        Ok(file.sync_data()?)
    };
    row("an image of it, as a file", vec![measure(by_hand)?]);
    Ok(shown)
}

/// Seconds, bytes that this process has given to the disk, and seconds of the processor.
fn measure(f: impl FnOnce() -> Result<()>) -> Result<[f64; 3]> {
    let (begin, before) = (Instant::now(), (written()?, processor()));
    f()?;
    Ok([begin.elapsed().as_secs_f64(), (written()? - before.0) as f64, processor() - before.1])
}

fn written() -> Result<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let bytes = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(bytes.unwrap_or("0").parse()?)
}

/// Seconds that this process has run.
fn processor() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the time.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
