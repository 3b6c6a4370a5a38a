//! Raises children and kills them, as fast as it can.
//!
//! The kill loop is one thread in a process of its own, so that it can fork without `exec`: thousands of deaths take
//! seconds. After each of them it looks whether the others can go on, and whether the fixture is what it has to be.

use crate::workload::turn;
use crate::{open, say};
use shmstate::{ErrorKind, State};
use shmstate_tests::{Counters, Fixture, PATIENCE, Rng};
use std::time::{Duration, Instant};

pub struct Job<'a> {
    pub path: &'a str,
    pub counters: &'a str,
    pub seed: u64,
    pub kills: u64,
    pub seconds: u64,
    /// Whether the kill loop has a handle of its own while children die. If not, and if no other process has, they are a
    /// population each.
    pub hold: bool,
}

pub fn run(job: &Job<'_>) {
    let (counters, mut rng) = (Counters::open(job.counters), Rng::new(job.seed));
    let mut model = Fixture::first();
    let held = job.hold.then(|| open(job.path));
    let (since, mut kills, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    while kills < job.kills && since.elapsed() < Duration::from_secs(job.seconds) {
        let seed = rng.any();
        // SAFETY: this process has one thread, so that the child may do anything.
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "a child");
        if child == 0 {
            // SAFETY: no pointers.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            live(job, &counters, &mut Rng::new(seed));
        }
        // Some die young, while they open; most later.
        let age = if rng.below(4) == 0 { rng.below(300) } else { 200 + rng.below(2000) };
        std::thread::sleep(Duration::from_micros(age as u64));
        counters.count(Counters::KILLS);
        // SAFETY: a child that has not been waited for, and a place for its status.
        unsafe { libc::kill(child, libc::SIGKILL) };
        let mut status = 0;
        // SAFETY: as above.
        let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert!(waited == child && libc::WIFSIGNALED(status), "a child failed: status {status:#x}");
        kills += 1;
        let after = Instant::now();
        match &held {
            Some(fixture) => check(fixture, &counters, &mut model),
            None => check(&open(job.path), &counters, &mut model),
        }
        slowest = slowest.max(after.elapsed());
    }
    say(&format!("{kills} kills, {} versions, longest wait {slowest:?}", model.steps));
}

/// Others go on, and the fixture is what it has to be.
fn check(fixture: &State<Fixture>, counters: &Counters, model: &mut Fixture) {
    let done = counters.get(Counters::DONE);
    assert!(
        fixture.version().expect("a version") >= done,
        "{done} updates were acknowledged, and the version is {}",
        fixture.version().expect("a version")
    );
    counters.count(Counters::BEGUN);
    fixture.update(Fixture::step).expect("others go on");
    counters.count(Counters::DONE);
    let seen = fixture.snapshot().expect("a snapshot");
    assert!(seen.is_version(seen.steps, model), "version {} is not what it has to be", seen.steps);
    let version = fixture.version().expect("a version");
    let begun = counters.get(Counters::BEGUN);
    assert!(version <= begun, "{begun} updates were begun, and the version is {version}");
}

/// A child's life, until it is killed.
fn live(job: &Job<'_>, counters: &Counters, rng: &mut Rng) -> ! {
    let role = rng.below(8);
    let new = format!("{}.new.{}", job.path, job.seed);
    loop {
        match role {
            // Comes and goes.
            0 => {
                let fixture = open(job.path);
                turn(&fixture, counters, rng);
                let again = fixture.try_clone().expect("another handle");
                drop(fixture);
                turn(&again, counters, rng);
            }
            // Makes a region of its own.
            1 => {
                let made = State::<Fixture>::options().timeout(PATIENCE).init(Fixture::step).open_or_create(&new);
                let made = made.expect("a region of its own");
                assert!(made.read(|s| *s == *Fixture::at(made.version().expect("a version") + 1)).expect("a read"));
                made.update(Fixture::step).expect("an update");
                match shmstate::remove(&new) {
                    Ok(()) => {}
                    Err(e) => assert_eq!(e.kind(), ErrorKind::NotFound, "{e}"),
                }
            }
            // Reads, in several depths.
            2 | 3 => {
                let fixture = open(job.path);
                for _ in 0..50 {
                    fixture.read(|s| assert_eq!(s.steps, s.steps_again)).expect("a read");
                    fixture
                        .read(|s| fixture.snapshot().map(|later| assert!(later.steps >= s.steps)))
                        .expect("a read")
                        .expect("a snapshot");
                }
            }
            // Writes.
            _ => {
                let fixture = open(job.path);
                loop {
                    turn(&fixture, counters, rng);
                }
            }
        }
    }
}
