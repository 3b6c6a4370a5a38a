//! Lets processes run beside each other.

use super::RegionDir;
use crate::child::{Orders, Outcome, Process, Role};
use crate::peers::{Kind, python};
use anyhow::{Context, Result, ensure};
use std::time::Duration;

/// Which processes take part, on a state of which size, for how long.
pub struct Processes {
    pub bytes: usize,
    pub cast: Vec<Role>,
    pub time: Duration,
    /// How long a holder stays.
    pub stay: Duration,
    /// Whether the first writer has to be alone first.
    pub solo: bool,
}

/// How long a writer is alone, at most.
const SOLO: Duration = Duration::from_millis(500);

/// How long a process that changes random items of a large state runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// What came of it.
pub struct Seen {
    pub all: Vec<(Role, Outcome)>,
    /// Updates per second of a writer alone.
    pub solo: f64,
}

pub fn per_second(outcome: &Outcome) -> f64 {
    outcome.done as f64 / (outcome.time / 1e9)
}

impl Processes {
    pub fn run(&self, kind: Kind) -> Result<Seen> {
        if kind.is_python() {
            return self.in_python(kind);
        }
        let dir = RegionDir::new()?;
        let mut peer = kind.create(dir.path(), self.bytes)?;
        let cores = std::thread::available_parallelism()?.get();
        let start = |index: usize, role: Role| {
            let mut orders = Orders::new(kind, dir.path(), self.bytes, role, index % cores);
            orders.stay = self.stay.as_millis() as u64;
            if role == Role::Rover && self.bytes >= 64 << 20 {
                orders.warm_up = WARM_UP.as_millis() as u64;
            }
            let mut process = Process::start(&orders)?;
            process.wait_until_ready()?;
            anyhow::Ok(process)
        };
        let first = self.cast.iter().position(|role| role.writes()).context("a writer")?;
        let mut writer = start(first, self.cast[first])?;
        let (mut done, mut solo) = (0, f64::NAN);
        if self.solo {
            writer.go(self.time.min(SOLO))?;
            let outcome = writer.outcome()?;
            (done, solo) = (outcome.done + outcome.before, per_second(&outcome));
        }
        let mut processes = Vec::new();
        let mut writer = Some(writer);
        for (index, role) in self.cast.iter().enumerate() {
            let process = if index == first { writer.take() } else { None };
            processes.push((*role, process.map_or_else(|| start(index, *role), Ok)?));
        }
        for (_, process) in &mut processes {
            process.go(self.time)?;
        }
        let outcomes = processes.iter_mut().map(|(role, process)| Ok((*role, process.outcome()?)));
        let all = outcomes.collect::<Result<Vec<_>>>()?;
        check(&all, done, peer.counter()?)?;
        Ok(Seen { all, solo })
    }

    fn in_python(&self, kind: Kind) -> Result<Seen> {
        let act = |cast: &[Role], time| {
            let (outcomes, counter) = python::run(kind, self.bytes, cast, time, self.stay)?;
            let all: Vec<_> = cast.iter().copied().zip(outcomes).collect();
            check(&all, 0, counter)?;
            anyhow::Ok(all)
        };
        let mut solo = f64::NAN;
        if self.solo {
            let writer = self.cast.iter().copied().find(|role| role.writes()).context("a writer")?;
            solo = act(&[writer], self.time.min(SOLO))?.first().map_or(solo, |(_, outcome)| per_second(outcome));
        }
        Ok(Seen { all: act(&self.cast, self.time)?, solo })
    }
}

/// Whether the counter counted what the writers did.
fn check(all: &[(Role, Outcome)], before: u64, counter: u64) -> Result<()> {
    let did = all.iter().filter(|(role, _)| role.writes()).map(|(_, outcome)| outcome.done + outcome.before);
    let done = before + did.sum::<u64>();
    ensure!(counter == done, "the counter is {counter} after {done} updates");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_update_of_several_writers_is_found() {
        let outcome = |done, before| Outcome { done, before, ..Outcome::default() };
        let all = [(Role::Writer, outcome(5, 1)), (Role::Reader, outcome(100, 0)), (Role::Rover, outcome(3, 0))];
        assert!(check(&all, 10, 19).is_ok());
        assert!(check(&all, 10, 18).is_err());
    }
}
