//! Processes that use a region, and others that move it to a new one meanwhile.

use crate::{open_as, say};
use shmstate::{Error, ErrorKind, State};
use shmstate_tests::{Kind, Ledger, Log, Rng};
use std::time::Duration;

/// Does what the arguments say. `number` is the writer's, or a seed.
pub fn run(what: &str, path: &str, log: &str, number: u64) {
    let state = open_as::<Ledger>(path);
    match what {
        "write" => write(state, Log::create(log), number as usize),
        "read" => read(state, Log::create(log)),
        "view" => view(path, Log::create(log)),
        "move" => go_on_moving(state, Log::create(log), &mut Rng::new(number)),
        _ => panic!("no such part: {what}"),
    }
}

/// What `f` does through the handle, or through one on the region that has replaced this one.
fn follow<R>(state: &mut State<Ledger>, f: impl Fn(&State<Ledger>) -> Result<R, Error>) -> R {
    loop {
        match f(state) {
            Ok(done) => return done,
            Err(e) if e.kind() == ErrorKind::Retired => drop(state.reopen().expect("another region")),
            Err(e) => panic!("{e}"),
        }
    }
}

/// Updates until the log is full. Each one is counted, once.
fn write(mut state: State<Ledger>, mut log: Log, me: usize) {
    let mut mine = follow(&mut state, |state| state.read(|ledger| ledger.done[me]));
    say("go");
    while !log.has_no_room_for(1) {
        let at = log.begin(Kind::Update);
        let (number, counted) = follow(&mut state, |state| state.update(|ledger| (ledger.post(me), ledger.done[me])));
        log.end(at, number, 0);
        mine += 1;
        assert_eq!(counted, mine, "an update that was acknowledged is lost, or made twice");
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// Reads until the log is full.
fn read(mut state: State<Ledger>, mut log: Log) {
    say("go");
    while !log.has_no_room_for(1) {
        let at = log.begin(Kind::Read);
        let (number, whole) = follow(&mut state, |state| state.read(|ledger| (ledger.total, ledger.is_whole())));
        log.end(at, number, 0);
        assert!(whole, "a reader sees parts of two versions");
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// The same through a view.
fn view(path: &str, mut log: Log) {
    let mut view = State::<Ledger>::open_read_only(path).expect("a view");
    say("go");
    while !log.has_no_room_for(1) {
        let at = log.begin(Kind::Snapshot);
        let seen = loop {
            match view.snapshot() {
                Ok(seen) => break seen,
                Err(e) if e.kind() == ErrorKind::Retired => drop(view.reopen().expect("another region")),
                Err(e) => panic!("{e}"),
            }
        };
        log.end(at, seen.total, 0);
        assert!(seen.is_whole(), "a view sees parts of two versions");
        std::thread::sleep(Duration::from_micros(20));
    }
}

/// Moves the state until it is killed.
fn go_on_moving(mut state: State<Ledger>, mut log: Log, rng: &mut Rng) {
    say("go");
    while !log.has_no_room_for(1) {
        let copies = 2 + rng.below(3);
        let options = State::options().copies(copies).max_copies(copies + rng.below(3)).handles(20 + rng.below(100));
        match state.recreate(options.timeout(shmstate_tests::PATIENCE)) {
            Ok(()) => log.mark(Kind::Create),
            Err(e) if e.kind() == ErrorKind::Retired => drop(state.reopen().expect("another region")),
            Err(e) => panic!("{e}"),
        }
        if rng.below(4) == 0 {
            say("tried");
        }
    }
}
