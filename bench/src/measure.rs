//! Rounds in turns, medians, spreads.

use crate::counter_list::SIZES;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    pub rounds: usize,
    /// How long each side of a round lasts.
    pub round: Duration,
    /// What one side may take of all rounds together; three rounds it gets anyway.
    pub budget: Duration,
    /// How long processes run beside each other.
    pub beside: Duration,
    /// How often something is made, attached to, or killed.
    pub lives: usize,
    /// What one scene of several processes may take.
    pub patience: Duration,
    /// Those of the sizes.
    pub sizes: usize,
    /// Only what has this in its title.
    pub like: &'static str,
}

impl Effort {
    pub const FULL: Effort = Effort {
        rounds: 21,
        round: Duration::from_millis(3),
        budget: Duration::from_millis(300),
        beside: Duration::from_millis(400),
        lives: 11,
        patience: Duration::from_secs(5),
        sizes: 6,
        like: "",
    };
    pub const QUICK: Effort = Effort {
        rounds: 5,
        round: Duration::from_millis(1),
        budget: Duration::from_millis(20),
        beside: Duration::from_millis(100),
        lives: 3,
        patience: Duration::from_millis(500),
        sizes: 4,
        like: "",
    };

    pub fn wants(&self, title: &str) -> bool {
        title.contains(self.like)
    }

    /// The largest of the sizes.
    pub fn most(&self) -> usize {
        SIZES[..self.sizes].last().copied().unwrap_or(0)
    }
}

/// A median and the quartiles around it.
#[derive(Clone, Debug)]
pub struct Stat {
    pub median: f64,
    pub low: f64,
    pub high: f64,
    /// What it was in each round.
    rounds: Vec<f64>,
}

impl Stat {
    pub fn of(rounds: Vec<f64>) -> Option<Stat> {
        let mut values = rounds.clone();
        values.sort_by(f64::total_cmp);
        let at = |quarter: usize| values.get(quarter * (values.len().max(1) - 1) / 4).copied();
        Some(Stat { median: at(2)?, low: at(1)?, high: at(3)?, rounds })
    }

    pub fn rounds(&self) -> usize {
        self.rounds.len()
    }

    /// The median of the rounds' ratios: what disturbs a round disturbs both.
    pub fn over(&self, other: &Stat) -> f64 {
        let ratios = self.rounds.iter().zip(&other.rounds).map(|(mine, theirs)| mine / theirs).collect();
        Stat::of(ratios).map_or(f64::NAN, |stat| stat.median)
    }
}

/// Does something that often, and returns nanoseconds for all of it.
pub type Side<'a> = Box<dyn FnMut(u64) -> Result<f64> + 'a>;

/// Measures all sides in turns: nanoseconds per operation of each. A side that fails is given up.
pub fn in_turns(effort: Effort, sides: &mut [Side<'_>]) -> Vec<Result<Vec<f64>>> {
    struct Turn {
        count: u64,
        spent: f64,
        times: Result<Vec<f64>>,
    }
    let round = effort.round.as_nanos() as f64;
    // As often as it takes to fill the round; to find out warms up.
    let calibrate = |side: &mut Side<'_>| {
        let mut count = 1;
        loop {
            let time = side(count)?;
            if time >= round / 2.0 {
                return Ok(count);
            }
            count *= if time < round / 100.0 { 8 } else { 2 };
        }
    };
    let mut turns: Vec<Turn> = Vec::new();
    for side in sides.iter_mut() {
        turns.push(match calibrate(side) {
            Ok(count) => Turn { count, spent: 0.0, times: Ok(Vec::new()) },
            Err(error) => Turn { count: 0, spent: 0.0, times: Err(error) },
        });
    }
    for done in 0..effort.rounds {
        for (side, turn) in sides.iter_mut().zip(&mut turns) {
            let Ok(times) = &mut turn.times else { continue };
            if done >= 3 && turn.spent > effort.budget.as_nanos() as f64 {
                continue;
            }
            let time = loop {
                match side(turn.count) {
                    // It only took long when it was tried: a first touch, or another process's turn.
                    Ok(time) if time < round / 4.0 => turn.count *= 2,
                    other => break other,
                }
            };
            match time {
                Ok(time) => {
                    turn.spent += time;
                    times.push(time / turn.count as f64);
                }
                Err(error) => turn.times = Err(error),
            }
        }
    }
    turns.into_iter().map(|turn| turn.times).collect()
}

/// Nanoseconds that `f` takes.
pub fn timed<R>(f: impl FnOnce() -> R) -> (R, f64) {
    let start = Instant::now();
    let r = f();
    (r, start.elapsed().as_nanos() as f64)
}

/// Shows how far it is: a bar for people, a line per step where standard error is no terminal.
pub struct Progress {
    bar: ProgressBar,
    plain: bool,
    start: Instant,
}

impl Progress {
    pub fn new(steps: usize) -> Result<Progress> {
        let style = ProgressStyle::with_template("[{elapsed_precise}] {bar:30} {pos}/{len} {wide_msg}")?;
        let bar = ProgressBar::new(steps as u64).with_style(style);
        Ok(Progress { bar, plain: !std::io::stderr().is_terminal(), start: Instant::now() })
    }

    /// What is done now.
    pub fn say(&self, what: &str) {
        if self.plain {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            eprintln!("[{:>4} s] {done}/{all} {what}", self.start.elapsed().as_secs());
        } else {
            self.bar.set_message(what.to_owned());
        }
    }

    pub fn step(&self) {
        self.bar.inc(1);
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn the_median_is_between_the_quartiles() {
        let stat = Stat::of(vec![5.0, 1.0, 4.0, 2.0, 3.0]).unwrap();
        assert_eq!((stat.low, stat.median, stat.high), (2.0, 3.0, 4.0));
        assert!(Stat::of(Vec::new()).is_none());
    }

    #[test]
    fn ratios_are_those_of_the_rounds() {
        let [mine, theirs] =
            [vec![2.0, 40.0, 60.0], vec![1.0, 20.0, 30.0, 1e9]].map(|rounds| Stat::of(rounds).unwrap());
        assert_eq!(mine.over(&theirs), 2.0);
    }

    #[test]
    fn sides_take_turns_and_who_fails_is_left_out() {
        let log = std::cell::RefCell::new(Vec::new());
        let effort = Effort { rounds: 4, round: Duration::from_nanos(100), ..Effort::QUICK };
        let side = |name: char, fails_after: usize| -> Side<'_> {
            let log = &log;
            Box::new(move |count| {
                log.borrow_mut().push(name);
                if log.borrow().iter().filter(|tried| **tried == name).count() > fails_after {
                    bail!("{name} has had enough");
                }
                Ok(10.0 * count as f64)
            })
        };
        let times = in_turns(effort, &mut [side('a', 1000), side('b', 5), side('c', 1000)]);
        assert_eq!(times[0].as_ref().unwrap(), &[10.0; 4]);
        assert!(times[1].is_err());
        assert_eq!(times[2].as_ref().unwrap(), &[10.0; 4]);
        let turns: String = log.borrow().iter().collect();
        assert!(turns.ends_with("abcabcacac"), "{turns}");
    }

    #[test]
    fn a_slow_start_is_no_measure() {
        let effort = Effort { rounds: 5, round: Duration::from_nanos(1000), ..Effort::QUICK };
        let mut first = true;
        let side: Side<'_> = Box::new(|count| {
            let slow = std::mem::replace(&mut first, false);
            Ok(if slow { 1e6 } else { 100.0 + count as f64 }) // what it costs to begin has to be spread
        });
        let times = in_turns(effort, &mut [side]);
        assert!(times[0].as_ref().unwrap().iter().all(|time| *time < 2.0), "{times:?}");
    }

    #[test]
    fn who_is_slow_gets_three_rounds() {
        let effort = Effort { rounds: 9, round: Duration::from_nanos(1), budget: Duration::ZERO, ..Effort::QUICK };
        let times = in_turns(effort, &mut [Box::new(|_| Ok(1e9))]);
        assert_eq!(times[0].as_ref().unwrap().len(), 3);
    }
}
