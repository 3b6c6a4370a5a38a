//! How long a sleeping thread takes to see what another one did: from before the call that wakes until after the one that slept.

use super::RegionDir;
use crate::child::stay_on;
use crate::measure::{Effort, Progress};
use crate::peers::bells::{Bell, Common};
use crate::results::{Better, Cell, Results, Row, Table, time};
use anyhow::{Result, bail};
use clap::ValueEnum;
use hdrhistogram::Histogram;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

pub const WAKE: &str = "wake a thread that sleeps on the other core";

pub const COLUMNS: [&str; 3] = ["p50", "p99", "to wake it"];

/// Wakes of a round.
const WAKES: u64 = 1000;

/// How long the sleeping thread has to fall asleep.
const PAUSE: Duration = Duration::from_micros(50);

pub fn steps(effort: Effort) -> usize {
    usize::from(effort.wants(WAKE))
}

pub fn run(effort: Effort, results: &mut Results, progress: &Progress) -> Result<()> {
    if steps(effort) == 0 {
        return Ok(());
    }
    progress.say(WAKE);
    let bells = Bell::value_variants();
    let mut seen: Vec<Result<Vec<[f64; 3]>>> = bells.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..effort.lives {
        for (bell, seen) in bells.iter().zip(&mut seen) {
            if let Ok(rounds) = seen {
                match round(*bell) {
                    Ok(round) => rounds.push(round),
                    Err(error) => *seen = Err(error),
                }
            }
        }
    }
    let mut table = Table::new(WAKE, COLUMNS, true);
    for (bell, seen) in bells.iter().zip(&seen) {
        let cell = |column| match seen {
            Ok(seen) => Cell::figure(seen.iter().map(|round| round[column]).collect(), time, Better::Less),
            Err(error) => Cell::Cannot(format!("failed: {error:#}")),
        };
        let cells = (0..COLUMNS.len()).map(cell).collect();
        table.rows.push(Row { name: bell.name().to_owned(), competes: bell.competes(), cells });
    }
    results.tables.push(table);
    progress.step();
    Ok(())
}

/// What both threads look at. Times are nanoseconds after the start.
struct Scene {
    start: Instant,
    /// When the last wake began.
    rung: AtomicU64,
    /// How many wakes the sleeping thread has seen.
    seen: AtomicU64,
    /// Whether the sleeping thread can be woken.
    ready: AtomicBool,
    /// Whether one of them has failed.
    failed: AtomicBool,
}

/// Median and p99 of the time to wake, and the median of the waking call.
fn round(bell: Bell) -> Result<[f64; 3]> {
    let dir = RegionDir::new()?;
    let common = Common::new(dir.path())?;
    let (rung, seen) = (AtomicU64::new(0), AtomicU64::new(0));
    let (ready, failed) = (AtomicBool::new(false), AtomicBool::new(false));
    let scene = Scene { start: Instant::now(), rung, seen, ready, failed };
    let (latencies, calls) = thread::scope(|threads| {
        let sleeper = threads.spawn(|| scene.act(1, || scene.sleep(bell, &common)));
        let waker = threads.spawn(|| scene.act(0, || scene.wake(bell, &common)));
        (sleeper.join().unwrap_or_else(|_| bail!("a panic")), waker.join().unwrap_or_else(|_| bail!("a panic")))
    });
    let (calls, latencies) = (calls?, latencies?);
    let all = [latencies.value_at_quantile(0.5), latencies.value_at_quantile(0.99), calls.value_at_quantile(0.5)];
    Ok(all.map(|ns| ns as f64))
}

fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000_000, 3)?)
}

impl Scene {
    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    /// One thread's part. The other one does not wait for a thread that has failed.
    fn act<R>(&self, core: usize, part: impl FnOnce() -> Result<R>) -> Result<R> {
        stay_on(core);
        let outcome = part();
        self.failed.fetch_or(outcome.is_err(), SeqCst);
        outcome
    }

    fn sleep(&self, bell: Bell, common: &Common) -> Result<Histogram<u64>> {
        let mut latencies = histogram()?;
        bell.sleeper(common, &mut |sleep| {
            self.ready.store(true, SeqCst);
            for n in 1..=WAKES {
                sleep()?;
                latencies.saturating_record(self.now() - self.rung.load(SeqCst));
                self.seen.store(n, SeqCst);
            }
            Ok(())
        })?;
        Ok(latencies)
    }

    fn wake(&self, bell: Bell, common: &Common) -> Result<Histogram<u64>> {
        let mut calls = histogram()?;
        bell.waker(common, &mut |wake| {
            self.wait_for(|| self.ready.load(SeqCst))?;
            for n in 1..=WAKES {
                let pause = Instant::now();
                self.wait_for(|| pause.elapsed() > PAUSE)?;
                let rung = self.now();
                self.rung.store(rung, SeqCst);
                wake()?;
                calls.saturating_record(self.now() - rung);
                self.wait_for(|| self.seen.load(SeqCst) == n)?;
            }
            Ok(())
        })?;
        Ok(calls)
    }

    fn wait_for(&self, there: impl Fn() -> bool) -> Result<()> {
        while !there() {
            if self.failed.load(SeqCst) {
                bail!("the other thread has failed");
            }
            spin_loop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wakes() {
        for bell in Bell::value_variants() {
            if cfg!(feature = "peers") || *bell != Bell::Iceoryx {
                let [p50, p99, _] = round(*bell).unwrap_or_else(|e| panic!("{bell:?}: {e:#}"));
                assert!(0.0 < p50 && p50 <= p99, "{bell:?}");
            }
        }
    }
}
