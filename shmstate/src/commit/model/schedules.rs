//! Random schedules: processes that come, read, write, roll back, die before any write, and are succeeded by others.
//!
//! shuttle shows every load the last store, so that this finds no fault of an ordering; loom does. What it adds is length:
//! more processes, more versions, more deaths than loom can try all interleavings of.
//!
//! `SHMSTATE_SCHEDULES` is how many each test tries; a failure prints the schedule, which `shuttle::replay` takes.

use super::super::Reader::{Guest, Owner};
use super::Runs;
use super::fixture::{Fixture, Naps, Verdict};
use shuttle::rand::{Rng, RngCore, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner, thread};
use std::sync::Arc;

/// Most looks in one read: a long one lasts for some updates.
const LOOKS: usize = 40;

/// A region with its processes.
#[derive(Clone, Copy)]
struct Crowd {
    copies: usize,
    slots: usize,
    processes: usize,
    /// How often each process begins a life.
    lives: usize,
    /// What it does in one, at most.
    deeds: usize,
}

/// What one process knows to have happened.
#[derive(Clone, Copy, Default)]
struct Done {
    /// Commits that returned.
    commits: usize,
    /// Deaths in an update, which may have committed.
    deaths: usize,
}

pub(super) fn below(n: usize) -> usize {
    thread_rng().next_u32() as usize % n
}

/// Claims any slot that is free, again and again until there is one.
fn claim_any(fixture: &Fixture, slots: usize) -> usize {
    loop {
        let first = below(slots);
        if let Some(slot) = (0..slots).map(|i| (first + i) % slots).find(|&slot| fixture.claim(slot)) {
            return slot;
        }
        thread::yield_now();
    }
}

/// One process, from life to life: half of them end in a death, before a write of its last deed; the other half with the
/// slot given back.
fn process(fixture: &Fixture, crowd: Crowd) -> Done {
    let (mut done, mut last) = (Done::default(), 0);
    for _ in 0..crowd.lives {
        let slot = claim_any(fixture, crowd.slots);
        for _ in 0..below(crowd.deeds) {
            last = deed(fixture, slot, last, &mut done.commits);
        }
        if thread_rng().r#gen() {
            fixture.release(slot);
            continue;
        }
        let mut commits = 0;
        let lived = fixture.killed(slot, below(24) as u32, || deed(fixture, slot, last, &mut commits));
        match lived {
            Ok(now) => {
                (last, done.commits) = (now, done.commits + commits);
                fixture.release(slot);
            }
            Err(_) => done.deaths += 1,
        }
    }
    done
}

/// Reads, commits or rolls back. Returns the version that it knows of, which is not older than `last`.
fn deed(fixture: &Fixture, slot: usize, last: usize, commits: &mut usize) -> usize {
    let patience = &mut Naps(u32::MAX);
    let now = match below(8) {
        0 | 1 => fixture.read_for(slot, Owner, 1 + below(LOOKS)),
        2 => fixture.read_for(slot, Guest, 1 + below(LOOKS)),
        3 => fixture.transact(slot, patience, Verdict::RollBack).expect("no reader stays in the way"),
        4 => fixture.transact(slot, patience, Verdict::None).expect("no reader stays in the way"),
        _ => {
            let version = fixture.update(slot);
            *commits += 1;
            version
        }
    };
    assert!(now >= last, "a process went back");
    now
}

fn run(fixture: Arc<Fixture>, crowd: Crowd) {
    let threads: Vec<_> = (0..crowd.processes)
        .map(|_| {
            let fixture = Arc::clone(&fixture);
            thread::spawn(move || process(&fixture, crowd))
        })
        .collect();
    let mut all = Done::default();
    for thread in threads {
        let done = thread.join().expect("joined");
        all = Done { commits: all.commits + done.commits, deaths: all.deaths + done.deaths };
    }
    // All have left: the next handle tidies every slot, and uses every copy.
    for slot in 0..crowd.slots {
        assert!(fixture.claim(slot), "a byte is still held");
    }
    let before = fixture.read(0, Owner);
    assert!((all.commits..=all.commits + all.deaths).contains(&before), "a commit is lost, or was never made");
    for version in before + 1..=before + crowd.copies + 1 {
        assert_eq!(fixture.update(version % crowd.slots), version);
    }
    fixture.finish(before + crowd.copies + 1);
}

fn schedules(scheduler: impl Scheduler + 'static, crowd: Crowd) {
    try_schedules(scheduler, move || run(Fixture::new(crowd.copies, crowd.slots, 0), crowd));
}

fn try_schedules(scheduler: impl Scheduler + 'static, run: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = 0x2_0000;
    config.silence_warnings = true;
    // Thirty times what the longest one takes: one that needs more waits for ever.
    config.max_steps = MaxSteps::FailAfter(200_000);
    let _runs = Runs("schedules");
    Runner::new(scheduler, config).run(move || {
        Runs::one_more();
        run();
    });
}

pub(super) fn number() -> usize {
    let said = std::env::var("SHMSTATE_SCHEDULES").ok();
    said.map_or(1000, |n| n.parse().unwrap_or_else(|_| panic!("SHMSTATE_SCHEDULES is not a number: {n:?}")))
}

#[test]
fn two_copies() {
    let crowd = Crowd { copies: 2, slots: 4, processes: 4, lives: 3, deeds: 5 };
    schedules(RandomScheduler::new_from_seed(1, number()), crowd);
}

#[test]
fn three_copies() {
    let crowd = Crowd { copies: 3, slots: 6, processes: 5, lives: 4, deeds: 6 };
    schedules(RandomScheduler::new_from_seed(2, number()), crowd);
}

/// As long as no reader is in the way, two are written by turns.
#[test]
fn copies_rest() {
    let crowd = Crowd { copies: 4, slots: 6, processes: 5, lives: 4, deeds: 6 };
    let run = move || run(Fixture::where_copies_rest(crowd.copies, crowd.slots, 0), crowd);
    try_schedules(RandomScheduler::new_from_seed(9, number()), run);
}

#[test]
fn eight_copies() {
    let crowd = Crowd { copies: 8, slots: 8, processes: 7, lives: 3, deeds: 8 };
    schedules(RandomScheduler::new_from_seed(3, number()), crowd);
}

/// Fewer slots than processes: each claim is of a slot that a process has just left, or died in.
#[test]
fn few_slots() {
    let crowd = Crowd { copies: 3, slots: 2, processes: 4, lives: 5, deeds: 4 };
    schedules(RandomScheduler::new_from_seed(4, number()), crowd);
}

/// Waiters that nothing but a ring wakes, beside writers that also roll back: one that sleeps for ever is a deadlock.
#[test]
fn waiters_are_woken() {
    try_schedules(RandomScheduler::new_from_seed(6, number()), || {
        const WRITERS: usize = 3;
        const UPDATES: usize = 4;
        let fixture = Fixture::without_naps(3, WRITERS + 2);
        let waiters = (WRITERS..WRITERS + 2).map(|me| {
            let fixture = Arc::clone(&fixture);
            thread::spawn(move || fixture.catch_versions(me, WRITERS * UPDATES))
        });
        let waiters: Vec<_> = waiters.collect();
        let writers = (0..WRITERS).map(|me| {
            let fixture = Arc::clone(&fixture);
            thread::spawn(move || {
                for _ in 0..UPDATES {
                    fixture.update(me);
                    if thread_rng().r#gen() {
                        fixture
                            .transact(me, &mut Naps(u32::MAX), Verdict::RollBack)
                            .expect("no reader stays in the way");
                    }
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        writers.into_iter().chain(waiters).for_each(|thread| thread.join().expect("joined"));
        fixture.finish(WRITERS * UPDATES);
    });
}

/// By priorities that change three times: what takes few switches at the right places is found sooner.
#[test]
fn few_switches() {
    let crowd = Crowd { copies: 3, slots: 4, processes: 4, lives: 3, deeds: 5 };
    schedules(PctScheduler::new_from_seed(5, 3, number()), crowd);
}
