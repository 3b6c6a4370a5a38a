//! An update beside handles that do nothing.

use super::{Effort, short};
use shmstate::{SharedLayout, State};

#[derive(SharedLayout)]
#[repr(C)]
struct Ticks {
    count: u64,
}

/// Measures and prints one line: each cell is an update of a lone number, and how many times as long that is as the same in
/// a region with one handle.
pub(super) fn line(effort: Effort) {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let new = |name: &str| State::<Ticks>::options().handles(4096).create(dir.path().join(name)).expect("a state");
    let (crowded, alone) = (new("crowded"), new("alone"));
    let measure = |what: &str| {
        let (cell, _) = effort
            .compare(&mut |range| range.for_each(|_| crowded.update(|s| s.count += 1).unwrap()), &mut |range| {
                range.for_each(|_| alone.update(|s| s.count += 1).unwrap())
            });
        print!(" {what}: {} ns, {:.2}x;", short(cell.ours), cell.ratio);
    };
    print!("update of a number beside idle handles:");
    measure("0");
    let mut idle = vec![];
    for handles in if effort.rounds > 100 { [1000, 4000] } else { [10, 100] } {
        while idle.len() < handles {
            // It may be that the process is not allowed as many descriptors.
            let Ok(handle) = crowded.try_clone() else { break };
            handle.read(|s| s.count).unwrap();
            idle.push(handle);
        }
        measure(&idle.len().to_string());
    }
    drop(idle);
    measure("all gone");
    println!();
}
