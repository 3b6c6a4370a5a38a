//! How many instructions updates of maps take, as the benchmark `counts` counts others: in a program of their own, because what
//! the compiler makes of those depends on what else there is.
//!
//! `cargo bench -p shmstate --bench counts_of_maps`; the numbers are in `counts_of_maps.txt`.

#[path = "rows/counting.rs"]
mod counting;

use counting::{NOTHING, spot};
use shmstate::{Map, Set, SharedLayout, SortedMap, State};
use std::hint::black_box;
use std::process::ExitCode;

/// The state of the operations on maps, which are three quarters full.
#[derive(SharedLayout)]
#[repr(C)]
struct Maps {
    map: Map<u64, u64, ENTRIES>,
    set: Set<u64, ENTRIES>,
    sorted: SortedMap<u64, u64, ENTRIES>,
}

const ENTRIES: usize = 1024;
const THERE: u64 = 768;

const OPERATIONS: [&str; 5] = ["map update", "map in, out", "set in, out", "sorted update", "sorted in, out"];

/// A key that is neither small nor in order.
fn key(n: u64) -> u64 {
    (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Does one of those. "In, out" inserts a key and removes the one that has been there for longest.
fn run(operation: &str, times: u64) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let entries = || (0..THERE).map(|n| (key(n), n));
    let init = |s: &mut Maps| {
        s.map.try_extend(entries()).expect("there is room");
        s.set.try_extend(entries().map(|(key, _)| key)).expect("there is room");
        s.sorted.try_extend(entries()).expect("there is room");
    };
    let state = State::<Maps>::options().init(init).create(dir.path().join("state")).expect("a state");
    let there = |i: u64| key(spot(i, THERE as usize) as u64);
    let each: &dyn Fn(u64) = match operation {
        NOTHING => &|i| _ = black_box(there(i)),
        "map update" => &|i| state.update(|s| *s.map.get_mut(&there(i)).expect("a value") += 1).expect("an update"),
        "map in, out" => &|i| {
            let in_out = |s: &mut Maps| {
                s.map.insert(key(THERE + i), i).expect("there is room");
                s.map.remove(&key(i)).expect("an entry");
            };
            state.update(in_out).expect("an update");
        },
        "set in, out" => &|i| {
            let in_out = |s: &mut Maps| {
                s.set.insert(key(THERE + i)).expect("there is room");
                assert!(s.set.remove(&key(i)));
            };
            state.update(in_out).expect("an update");
        },
        "sorted update" => {
            &|i| state.update(|s| *s.sorted.get_mut(&there(i)).expect("a value") += 1).expect("an update")
        }
        "sorted in, out" => &|i| {
            let in_out = |s: &mut Maps| {
                s.sorted.insert(key(THERE + i), i).expect("there is room");
                s.sorted.remove(&key(i)).expect("an entry");
            };
            state.update(in_out).expect("an update");
        },
        other => panic!("no such operation: {other}"),
    };
    (0..times).for_each(each);
}

fn main() -> ExitCode {
    counting::bench("benches/counts_of_maps.txt", &OPERATIONS, run)
}
