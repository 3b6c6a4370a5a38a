//! The other process of the tests: does what its arguments say, says what it sees, and dies on command.

mod anonymous;
mod bitflip;
mod calls;
mod descriptors;
mod file_systems;
mod follow;
mod fork;
mod hostile;
mod kill_loop;
mod limits;
mod machine;
mod overtake;
mod race;
mod recreate;
mod replace;
mod room;
mod scribbler;
mod thief;
mod workload;

use shmstate::{SharedLayout, State};
use shmstate_tests::{Fixture, PATIENCE};
use std::io::Write;
use std::path::Path;

fn main() {
    // Whatever goes wrong, no process stays.
    // SAFETY: no pointers.
    unsafe { libc::alarm(600) };
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["hold-update", path] => workload::hold_update(path),
        ["hold-transaction", path, item] => workload::hold_transaction(path, item),
        ["hold-read", path] => workload::hold_read(path),
        ["hold", path, handles] => workload::hold(path, number(handles)),
        ["write", path, counters, seed, updates] => workload::write(path, counters, number(seed), number(updates)),
        ["read", path, counters, seed] => workload::read(path, counters, number(seed)),
        ["die", place, path] => workload::die_in(place, path),
        ["kill_loop", path, counters, seed, kills, seconds, hold] => kill_loop::run(&kill_loop::Job {
            path,
            counters,
            seed: number(seed),
            kills: number(kills),
            seconds: number(seconds),
            hold: hold == "hold",
        }),
        ["race", dir, me, party, rounds] => race::create(dir, number(me), number(party), number(rounds)),
        ["churn", path, me, rounds] => race::churn(path, number(me), number(rounds)),
        ["replace", what, path, seed] => replace::run(what, path, number(seed)),
        ["recreate", what, path, log, seed] => recreate::run(what, path, log, number(seed)),
        ["fork", what, path] => fork::run(what, path),
        ["descriptors", what, path] => descriptors::run(what, path),
        ["thief", what, path] => thief::run(what, path),
        ["machine", what, path] => machine::run(what, path),
        ["file-system", what, dir] => file_systems::run(what, dir),
        ["room", what, path] => room::run(what, path),
        ["limit", what, value, path] => limits::run(what, number(value), path),
        ["flip", file, from, to] => bitflip::flip(file, number(from) as usize, number(to) as usize),
        ["forge", file] => bitflip::forge(file),
        ["garble", file, rounds] => bitflip::garble(file, number(rounds)),
        ["hostile", target, dir, seed, seconds] => hostile::run(target, dir, number(seed), number(seconds)),
        ["input", target, seed, file] => {
            std::fs::write(file, shmstate_tests::hostile::input(target, number(seed))).expect("an input");
        }
        ["replay", target, file] => hostile::replay(target, file),
        ["scribble", what, path, seed] => scribbler::run(what, path, number(seed)),
        ["victim", what, path, seed, seconds] => hostile::victim(what, path, number(seed), number(seconds)),
        ["interrupted", what, by, path, seed, seconds] => {
            scribbler::interrupt(by, path, number(seed));
            hostile::victim(what, path, number(seed), number(seconds));
        }
        ["count", path, commits] => follow::count(path, number(commits)),
        ["wait", path, commits] => follow::wait(path, number(commits)),
        ["answer-elsewhere", path, commits] => follow::answer_elsewhere(path, number(commits)),
        ["elect", path, seed] => follow::elect(path, number(seed)),
        ["hold-office", path] => follow::hold_office(path),
        ["answer", path, commits] => follow::answer(path, number(commits)),
        ["anonymous", what] => anonymous::run(what),
        ["bare", name] => workload::bare(name),
        ["umask", mask, mode, path] => workload::umask(number(mask) as u32, number(mode) as u32, path),
        ["overtake", path, most] => overtake::read(path, number(most)),
        _ => panic!("no such command: {args:?}"),
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

/// Opens the fixture, with time enough for a busy machine.
fn open(path: impl AsRef<Path>) -> State<Fixture> {
    open_as(path)
}

/// [`open`], for a state of another type.
fn open_as<T: SharedLayout>(path: impl AsRef<Path>) -> State<T> {
    State::<T>::options().timeout(PATIENCE).open(path).expect("the fixture")
}

/// Prints a line, at once.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("the driver listens");
}

/// Waits for a line, or for the end of input.
fn wait_for_go() {
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// Dies as by `kill -9`.
fn die() -> ! {
    // SAFETY: no pointers.
    unsafe { libc::raise(libc::SIGKILL) };
    unreachable!("no process survives that")
}
