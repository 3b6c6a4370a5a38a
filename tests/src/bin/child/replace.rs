//! Processes that replace a region.

use crate::say;
use shmstate::{SharedLayout, State};
use shmstate_tests::{PATIENCE, Release, Release1, Release2, Rng};

/// Does what the arguments say.
pub fn run(what: &str, path: &str, seed: u64) {
    match what {
        "traced" => traced(path),
        "storm" => storm(path, seed),
        _ => panic!("no such part: {what}"),
    }
}

/// Replaces the region once, for a parent that traces this process.
fn traced(path: &str) {
    if nix::sys::ptrace::traceme().is_err() {
        std::process::exit(77);
    }
    // SAFETY: no pointers.
    unsafe { libc::raise(libc::SIGSTOP) };
    drop(State::<Release2>::options().init(Release::begin).open_or_replace(path).expect("the new region"));
}

/// Replaces the region again and again, as others do, by one of another layout.
fn storm(path: &str, seed: u64) {
    let mut rng = Rng::new(seed);
    say("go");
    loop {
        if rng.below(2) == 0 { turn::<Release1>(path, &mut rng) } else { turn::<Release2>(path, &mut rng) }
    }
}

fn turn<T: SharedLayout + Release>(path: &str, rng: &mut Rng) {
    let state = State::<T>::options().timeout(PATIENCE).init(T::begin).open_or_replace(path).expect("a region");
    for _ in 0..rng.below(20) {
        match state.update(T::step) {
            Ok(()) => {}
            Err(e) if e.kind() == shmstate::ErrorKind::Retired => break,
            Err(e) => panic!("{e}"),
        }
    }
}
