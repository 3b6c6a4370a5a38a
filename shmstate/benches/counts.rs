//! How many instructions an operation takes, counted by valgrind, against the numbers in `counts.txt`: what a busy machine
//! does to a clock it does not do to them.
//!
//! A count is what one call of `load`, `read`, `update` or `try_update` takes on average, with its closure: a process that
//! does it 12 000 times, less one that does it 2 000 times, divided by the difference, less the same for a loop that does
//! nothing but choose the spot. Nothing of opening, of the first updates, or of valgrind is in it; single-stepping the
//! process counts the same.
//!
//! `cargo bench -p shmstate --bench counts` fails if one has grown by more than 5 %; `SHMSTATE_BLESS=1` writes what is
//! counted into the file. The numbers are those of one compiler and of x86-64; without valgrind nothing is counted.

#[path = "rows/counting.rs"]
mod counting;

use counting::NOTHING;
use shmstate::{List, SharedLayout, State};
use std::hint::black_box;
use std::process::ExitCode;

/// The state: 64 KiB of items.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    counter: u64,
    items: List<u64, N>,
}

const N: usize = 8192;

const OPERATIONS: [&str; 7] = ["load", "read one", "update one", "update two", "update eight", "append", "roll back"];

/// The random spot of operation `i`.
fn spot(i: u64) -> usize {
    counting::spot(i, N)
}

/// Does it.
fn run(operation: &str, times: u64) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let init = |s: &mut Board| s.items.resize(N, 1).expect("N items fit");
    let state = State::<Board>::options().init(init).create(dir.path().join("state")).expect("a state");
    let counter = state.project(|s| &s.counter).expect("a plain field");
    let add = |s: &mut Board, i: u64, spots: u64| {
        (0..spots).for_each(|k| s.items[spot(8 * i + k)] += 1);
        s.counter += 1;
    };
    let each: &dyn Fn(u64) = match operation {
        NOTHING => &|i| _ = black_box(spot(i)),
        "load" => &|_| _ = black_box(state.load(&counter).expect("a number")),
        "read one" => &|i| _ = black_box(state.read(|s| s.items[spot(i)] + s.counter).expect("a number")),
        "update one" => &|i| state.update(|s| add(s, i, 1)).expect("an update"),
        "update two" => &|i| state.update(|s| add(s, i, 2)).expect("an update"),
        "update eight" => &|i| state.update(|s| add(s, i, 8)).expect("an update"),
        "append" => &|i| {
            let push = |s: &mut Board| {
                if s.items.is_full() {
                    s.items.clear();
                }
                s.items.push(i).expect("there is room");
                s.counter += 1;
            };
            state.update(push).expect("an update");
        },
        "roll back" => &|i| {
            let fail = |s: &mut Board| {
                s.items[spot(i)] = i;
                s.counter = i;
                Err::<(), ()>(())
            };
            assert_eq!(state.try_update(fail).expect("an update"), Err(()));
        },
        other => panic!("no such operation: {other}"),
    };
    (0..times).for_each(each);
}

fn main() -> ExitCode {
    counting::bench("benches/counts.txt", &OPERATIONS, run)
}
