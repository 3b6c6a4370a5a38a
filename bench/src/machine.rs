//! What the machine itself needs, in the same run.

use crate::child::stay_on;
use crate::counter_list::{SIZES, size_name};
use crate::measure::{Effort, Side, in_turns, timed};
use crate::results::{Cell, Results, Row, Table};
use anyhow::Result;
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

pub const TITLE: &str = "the machine";

pub fn run(effort: Effort, results: &mut Results) -> Result<()> {
    let (word, lock) = (AtomicU64::new(0), AtomicU32::new(0));
    let copied = &SIZES[..effort.sizes];
    let most = copied.last().copied().unwrap_or(0);
    let (from, to) = (vec![1u8; most], std::cell::RefCell::new(vec![0u8; most]));
    let mut names = ["fetch_add", "compare_exchange and releasing store", "getpid", "two looks at the clock"]
        .map(str::to_owned)
        .to_vec();
    let mut sides: Vec<Side<'_>> = vec![
        repeat(|| {
            black_box(&word).fetch_add(1, Ordering::SeqCst);
        }),
        repeat(|| {
            let lock = black_box(&lock);
            let _ = lock.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed);
            lock.store(0, Ordering::Release);
        }),
        repeat(|| {
            // SAFETY: a call without arguments or effects.
            black_box(unsafe { libc::syscall(libc::SYS_getpid) });
        }),
        repeat(|| {
            black_box(Instant::now().elapsed());
        }),
    ];
    for bytes in copied {
        names.push(format!("memcpy of {}", size_name(*bytes)));
        let (from, to) = (&from, &to);
        sides.push(repeat(move || {
            black_box(&mut to.borrow_mut()[..*bytes]).copy_from_slice(black_box(&from[..*bytes]));
        }));
    }
    names.push("a cache line to the other core and back".to_owned());
    sides.push(Box::new(|count| Ok(round_trips(count))));
    let times = in_turns(effort, &mut sides);
    let mut table = Table::new(TITLE, ["time"], false);
    for (name, times) in names.into_iter().zip(times) {
        table.rows.push(Row { name, competes: false, cells: vec![Cell::of(times)] });
    }
    results.tables.push(table);
    Ok(())
}

fn repeat<'a>(mut f: impl FnMut() + 'a) -> Side<'a> {
    Box::new(move |count| Ok(timed(|| (0..count).for_each(|_| f())).1))
}

/// Two threads that hand a word to each other.
fn round_trips(count: u64) -> f64 {
    let word = AtomicU64::new(0);
    let wait = |value| {
        let mut looks = 0u32;
        while word.load(Ordering::Acquire) != value {
            looks += 1;
            if looks.is_multiple_of(1 << 16) {
                std::thread::yield_now(); // there is but one core
            }
            spin_loop();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            stay_on(1);
            for i in 0..count {
                wait(2 * i + 1);
                word.store(2 * i + 2, Ordering::Release);
            }
        });
        let here = scope.spawn(|| {
            stay_on(0);
            word.store(1, Ordering::Release);
            wait(2); // both are there
            let hand = || {
                for i in 1..count {
                    word.store(2 * i + 1, Ordering::Release);
                    wait(2 * i + 2);
                }
            };
            timed(hand).1
        });
        here.join().unwrap_or_default()
    })
}
