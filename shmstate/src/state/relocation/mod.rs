//! The relocation test: random updates, of lists that are moved about in every way that Rust allows, over the code that
//! ships, on real regions.
//!
//! Each update is done twice: to the state, and to a twin on the heap that has no copies. After each update, every copy of each
//! region, once it is caught up in private memory, has to be equal to the twin, and what readers hold must not have moved.
//!
//! * `types`, `slots`: the state that is operated on; `workload`, `others`, `root`: random operations on its parts and on the
//!   whole
//! * `fixture`: regions, twins, readers, verdicts, and the comparison
//! * `directed`: moves that chance would take long to find; `deaths`: writers that are killed at a chosen store
//!
//! That all this can fail is shown by planted faults, one at a time: `cargo run -p shmstate-tests --bin mutants`.
//!
//! A failure names its seed. `SHMSTATE_SEED=<seed> cargo test -p shmstate --lib relocation::<test>` plays that fixture alone;
//! `SHMSTATE_STEPS=<number>` sets how many updates a test does.

mod deaths;
mod directed;
mod fixture;
mod others;
mod root;
mod slots;
mod types;
mod workload;

use std::path::PathBuf;
use workload::mix::{
    ALL, CLONE, ENUM, ERR, KEYED, LARGE, LATER, NESTED, PANIC, PINS, SHIFT, SWAP, THREADS, TWO, WHOLE,
};

/// Updates in one fixture, before the next one begins with the next seed.
const WORLD: u64 = 200;

/// Updates in one test, if nothing else is said. To find faults that were planted, it is said: some take thousands.
const STEPS: u64 = 1000;

/// The tests: what their updates consist of.
const MIXES: [(&str, u32); 16] = [
    ("plain", 0),
    ("err", ERR | PANIC),
    ("pins", PINS | ERR),
    ("swap", SWAP),
    ("later", LATER | ERR),
    ("nested", NESTED | ERR),
    ("shift", NESTED | SHIFT | ERR),
    ("clone", CLONE | SWAP | ERR | WHOLE),
    ("two", TWO | SWAP | ERR),
    ("parked", TWO | SWAP | NESTED | SHIFT | ENUM),
    ("enums", ENUM | ERR),
    ("payload", ENUM | ERR | SWAP | LATER | NESTED | PINS),
    ("threads", THREADS | SWAP | NESTED | ERR),
    ("large", LARGE | SWAP | ERR),
    ("keyed", KEYED | SWAP | LATER | ERR | CLONE),
    ("all", ALL),
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|n| n.parse().unwrap_or_else(|_| panic!("{name} is not a number: {n:?}")))
}

/// A directory in memory if there is one, because the tests make hundreds of regions.
fn dir() -> tempfile::TempDir {
    let shm = PathBuf::from("/dev/shm");
    if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() }.unwrap()
}

fn test(name: &str) {
    let (_, mix) = MIXES.into_iter().find(|(n, _)| *n == name).unwrap();
    let dir = dir();
    let one = number("SHMSTATE_SEED");
    let mut left = number("SHMSTATE_STEPS").unwrap_or(if one.is_some() { WORLD } else { STEPS });
    let (mut seed, mut done) = (one.unwrap_or(1), 0);
    while left > 0 {
        let steps = if one.is_some() { left } else { left.min(WORLD) };
        if let Err((step, what)) = fixture::run(dir.path(), seed, mix, steps) {
            let after = done + step;
            panic!(
                "{what}\n(found after {after} updates: {step} of the fixture with SHMSTATE_SEED={seed}, mix `{name}`)"
            );
        }
        left -= steps;
        done += steps;
        seed += 1;
    }
    let [nothing, by_log, all] = fixture::ADVANCES.each_ref().map(|n| n.load(crate::sync::Ordering::Relaxed));
    println!(
        "mix {name}: of all advances so far, {nothing} found nothing, {by_log} took what the log said, {all} everything"
    );
}

macro_rules! tests {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            test(stringify!($name));
        }
    )*};
}

tests!(plain, err, pins, swap, later, nested, shift, clone, two, parked, enums, payload, threads, large, keyed, all);

#[test]
fn parked_changed_and_taken_back() {
    directed::parked_changed_and_taken_back();
}

#[test]
fn parked_and_taken_back() {
    directed::parked_and_taken_back();
}

#[test]
fn parked_short_and_rolled_back() {
    directed::parked_short_and_rolled_back();
}

#[test]
fn parked_where_it_was_before() {
    directed::parked_where_it_was_before();
}

#[test]
fn cloned_short_and_rolled_back() {
    directed::cloned_short_and_rolled_back();
}

#[test]
fn back_after_a_roll_back() {
    directed::back_after_a_roll_back();
}

#[test]
fn parked_in_the_others() {
    directed::parked_in_the_others();
}

#[test]
fn out_and_back() {
    directed::out_and_back();
}
