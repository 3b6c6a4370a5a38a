//! Snapshots of a handle that only looks, beside a writer that never rests.

use super::{Board, items, short};
use shmstate::State;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The longest time of a half of the snapshots, and of all but a hundredth, in nanoseconds; and how many were given up, because writers
/// were faster for five seconds.
struct Looked {
    median: f64,
    p99: f64,
    outrun: usize,
}

/// Looks for so long beside one that calls `update` again and again.
fn beside_a_writer<const N: usize>(time: Duration, update: impl Fn(&mut Board<N>, u64) + Sync) -> Looked {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let init = |s: &mut Board<N>| s.items.resize(N, 1).expect("N items fit");
    let state = State::<Board<N>>::options().init(init).create(dir.path().join("state")).expect("a state");
    let view = State::<Board<N>>::open_read_only(dir.path().join("state")).expect("a view");
    let stop = AtomicBool::new(false);
    let (mut times, mut outrun) = (vec![], 0);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for i in (0..).take_while(|_| !stop.load(Relaxed)) {
                state.update(|s| update(s, i)).unwrap();
            }
        });
        let since = Instant::now();
        while since.elapsed() < time {
            let begun = Instant::now();
            // No panic: the scope would wait for the writer.
            outrun += usize::from(view.snapshot().is_err());
            times.push(begun.elapsed().as_secs_f64() * 1e9);
        }
        stop.store(true, Relaxed);
    });
    times.sort_by(f64::total_cmp);
    Looked { median: times[times.len() / 2], p99: times[times.len() * 99 / 100], outrun }
}

fn column<const N: usize>(time: Duration) -> [Looked; 2] {
    let one = beside_a_writer::<N>(time, |s, i| s.items[super::spot(i, N)] += 1);
    [one, beside_a_writer::<N>(time, |s, _| s.items.iter_mut().for_each(|item| *item += 1))]
}

/// Measures and prints two lines, for a writer of one item and one of all of them.
pub(super) fn lines(time: Duration) {
    let columns = [
        ("4 KiB", column::<{ items(4 << 10) }>(time)),
        ("64 KiB", column::<{ items(64 << 10) }>(time)),
        ("1 MiB", column::<{ items(1 << 20) }>(time)),
    ];
    for (row, what) in ["one item", "all items"].iter().enumerate() {
        print!("snapshot by a handle that only looks, median and p99, beside a writer of {what}:");
        for (size, looked) in &columns {
            let Looked { median, p99, outrun } = &looked[row];
            print!(" {size}: {} and {} ns", short(*median), short(*p99));
            if *outrun > 0 {
                print!(", {outrun} in vain");
            }
            print!(";");
        }
        println!();
    }
}
