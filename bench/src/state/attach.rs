//! What it takes to get in and out beside handles that do nothing.

use super::{Effort, short};
use shmstate::{SharedLayout, State};

#[derive(SharedLayout)]
#[repr(C)]
struct Ticks {
    count: u64,
}

/// Measures and prints one line: each cell is the time to open a state and to drop the handle, and how many times as long
/// that is as in a region with one handle.
pub(super) fn line(effort: Effort) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let path = |name: &str| dir.path().join(name);
    let new = |name: &str| State::<Ticks>::options().handles(8192).create(path(name)).expect("a state");
    let (crowded, _alone) = (new("crowded"), new("alone"));
    let open = |name: &str| drop(State::<Ticks>::open(path(name)).expect("the state"));
    let measure = |what: &str| {
        let (cell, _) = effort.compare(&mut |range| range.for_each(|_| open("crowded")), &mut |range| {
            range.for_each(|_| open("alone"));
        });
        print!(" {what}: {} ns, {:.2}x;", short(cell.ours), cell.ratio);
    };
    print!("attach and drop beside idle handles:");
    measure("0");
    let mut idle = vec![];
    for handles in if effort.rounds > 100 { [1000, 4000] } else { [10, 100] } {
        idle.extend((idle.len()..handles).map(|_| crowded.try_clone().expect("a handle")));
        measure(&idle.len().to_string());
    }
    drop(idle);
    measure("all gone");
    println!();
}
