//! Durable commits per second, and how long one takes.

use crate::stores::{NAMES, Store, WRITERS, create};
use crate::{Effort, median, memory};
use anyhow::{Result, ensure};
use comfy_table::Table;
use hdrhistogram::Histogram;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

/// Of one store, with one number of writers.
struct Measured {
    rates: Vec<f64>,
    times: Histogram<u64>,
}

pub fn table(dir: &Path, effort: Effort) -> Result<Table> {
    let mut shown = head();
    for writers in [1, WRITERS] {
        let mut measured = Vec::new();
        for _ in NAMES {
            measured.push(Measured { rates: Vec::new(), times: histogram()? });
        }
        // In turns, each time in a new store.
        for _ in 0..effort.rounds {
            for (name, measured) in NAMES.iter().zip(&mut measured) {
                let (dir, memory) = (tempfile::tempdir_in(dir)?, memory()?);
                let store = create(name, dir.path(), memory.path())?;
                round(&*store, writers, effort, measured)?;
            }
        }
        for (name, measured) in NAMES.iter().zip(measured) {
            let millis = |quantile| format!("{:.2} ms", measured.times.value_at_quantile(quantile) as f64 / 1e6);
            let rate = format!("{:.0}", median(measured.rates.clone()));
            shown.add_row([name.to_string(), writers.to_string(), rate, millis(0.5), millis(0.99)]);
        }
    }
    Ok(shown)
}

fn head() -> Table {
    crate::table(["store", "writers", "commits/s", "p50", "p99"])
}

/// Lets writers count for the time.
fn round(store: &dyn Store, writers: usize, effort: Effort, measured: &mut Measured) -> Result<()> {
    let (stop, begin) = (AtomicBool::new(false), Instant::now());
    let stop = &stop;
    let counted = std::thread::scope(|scope| -> Result<Vec<Histogram<u64>>> {
        let run = |writer| {
            move || -> Result<Histogram<u64>> {
                let (mut times, mut last) = (histogram()?, None::<Instant>);
                store.count(writer, &mut || {
                    let now = Instant::now();
                    if let Some(last) = last.replace(now) {
                        times.saturating_record((now - last).as_nanos() as u64);
                    }
                    !stop.load(Relaxed)
                })?;
                Ok(times)
            }
        };
        let threads: Vec<_> = (0..writers).map(|writer| scope.spawn(run(writer))).collect();
        std::thread::sleep(effort.time);
        stop.store(true, Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("a writer does not panic")).collect()
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    let commits: u64 = counted.iter().map(Histogram::len).sum();
    ensure!(store.total()? == commits, "{} of {commits} commits are there", store.total()?);
    measured.rates.push(commits as f64 / seconds);
    counted.iter().try_for_each(|times| measured.times.add(times))?;
    Ok(())
}

/// Of nanoseconds, up to a minute.
fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000_000, 3)?)
}
