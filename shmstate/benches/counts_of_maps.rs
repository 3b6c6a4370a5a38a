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

const ENTRIES: usize = 1024;
const THERE: u64 = 768;

const OPERATIONS: [&str; 5] = ["map update", "map in, out", "set in, out", "sorted update", "sorted in, out"];

/// A key that is neither small nor in order.
fn key(n: u64) -> u64 {
    (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A state of its own for each, so that none pays for the others: three quarters full.
fn state<T: SharedLayout>(fill: impl FnOnce(&mut T)) -> State<T> {
    State::<T>::options().init(fill).anonymous().expect("a state")
}

/// Does one of those. "In, out" inserts a key and removes the one that has been there for longest.
fn run(operation: &str, times: u64) {
    let entries = || (0..THERE).map(|n| (key(n), n));
    let map = || state(|s: &mut Map<u64, u64, ENTRIES>| s.try_extend(entries()).expect("there is room"));
    let set = || state(|s: &mut Set<u64, ENTRIES>| s.try_extend(entries().map(|(key, _)| key)).expect("there is room"));
    let sorted = || state(|s: &mut SortedMap<u64, u64, ENTRIES>| s.try_extend(entries()).expect("there is room"));
    let there = |i: u64| key(spot(i, THERE as usize) as u64);
    match operation {
        NOTHING => (0..times).for_each(|i| _ = black_box(there(i))),
        "map update" => {
            let map = map();
            let each = |i| map.update(|s| *s.get_mut(&there(i)).expect("a value") += 1).expect("an update");
            (0..times).for_each(each);
        }
        "map in, out" => {
            let (map, in_out) = (map(), |s: &mut Map<u64, u64, ENTRIES>, i: u64| {
                s.insert(key(THERE + i), i).expect("there is room");
                s.remove(&key(i)).expect("an entry");
            });
            (0..times).for_each(|i| map.update(|s| in_out(s, i)).expect("an update"));
        }
        "set in, out" => {
            let (set, in_out) = (set(), |s: &mut Set<u64, ENTRIES>, i: u64| {
                s.insert(key(THERE + i)).expect("there is room");
                assert!(s.remove(&key(i)));
            });
            (0..times).for_each(|i| set.update(|s| in_out(s, i)).expect("an update"));
        }
        "sorted update" => {
            let map = sorted();
            let each = |i| map.update(|s| *s.get_mut(&there(i)).expect("a value") += 1).expect("an update");
            (0..times).for_each(each);
        }
        "sorted in, out" => {
            let (map, in_out) = (sorted(), |s: &mut SortedMap<u64, u64, ENTRIES>, i: u64| {
                s.insert(key(THERE + i), i).expect("there is room");
                s.remove(&key(i)).expect("an entry");
            });
            (0..times).for_each(|i| map.update(|s| in_out(s, i)).expect("an update"));
        }
        other => panic!("no such operation: {other}"),
    }
}

fn main() -> ExitCode {
    counting::bench("benches/counts_of_maps.txt", &OPERATIONS, run)
}
