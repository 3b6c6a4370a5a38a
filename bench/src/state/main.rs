//! What an operation costs, beside the same operation on plain memory under a robust pthread mutex that processes share.
//!
//! `cargo run --release -p bench --no-default-features --features containers --bin state` prints one table, and three of containers beside
//! those of std.
//!
//! Both sides hold a counter and an array of `u64`; `read one` and `update one` touch the counter and one random item.
//! Both sides of a cell are measured in turns, in one process, so that what the machine does meanwhile hits both:
//! the ratio is the median of the rounds' ratios. The mutex rolls nothing back and leaves a torn state when its owner
//! dies; it is the floor, not a substitute.

mod attach;
mod containers;
mod first_touch;
mod handles;
mod maps;
mod more_containers;
mod read_only;

use clap::Parser;
use shmstate::{List, SharedLayout, State};
use std::cell::UnsafeCell;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The state; its list has a head of 64 bytes.
#[derive(SharedLayout)]
#[repr(C)]
struct Board<const N: usize> {
    counter: u64,
    items: List<u64, N>,
}

/// The same content without any head.
#[repr(C)]
struct Plain<const N: usize> {
    counter: u64,
    len: u64,
    items: [u64; N],
}

/// How many items make a `Board` as large as `bytes`.
const fn items(bytes: usize) -> usize {
    (bytes - size_of::<Board<1>>()) / 8 + 1
}

/// A `Plain` under a robust, process-shared pthread mutex, in a shared mapping of its own.
struct Mutex<const N: usize>(NonNull<Guarded<N>>);

#[repr(C, align(64))]
struct Guarded<const N: usize> {
    mutex: UnsafeCell<libc::pthread_mutex_t>,
    plain: UnsafeCell<Plain<N>>,
}

// SAFETY: what is in it is accessed under its lock.
unsafe impl<const N: usize> Sync for Mutex<N> {}

impl<const N: usize> Mutex<N> {
    fn new() -> Self {
        let (len, prot) = (size_of::<Guarded<N>>(), libc::PROT_READ | libc::PROT_WRITE);
        let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let memory = unsafe { libc::mmap(ptr::null_mut(), len, prot, flags, -1, 0) };
        assert_ne!(memory, libc::MAP_FAILED);
        let this = Mutex(NonNull::new(memory.cast::<Guarded<N>>()).expect("a mapping is not at 0"));
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: memory for the attributes.
        let init = unsafe { libc::pthread_mutexattr_init(attributes) };
        // SAFETY: initialised above.
        let shared = unsafe { libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED) };
        // SAFETY: as above.
        let robust = unsafe { libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST) };
        // SAFETY: as above; the mapping is zeroed memory without another reference.
        let mutex = unsafe { libc::pthread_mutex_init(this.get().mutex.get(), attributes) };
        assert_eq!((init, shared, robust, mutex), (0, 0, 0, 0));
        this
    }

    fn get(&self) -> &Guarded<N> {
        // SAFETY: mapped until `self` is dropped, and zeroes are a value.
        unsafe { self.0.as_ref() }
    }

    #[inline]
    fn lock<R>(&self, f: impl FnOnce(&mut Plain<N>) -> R) -> R {
        let guarded = self.get();
        // SAFETY: initialised in `new`.
        let locked = unsafe { libc::pthread_mutex_lock(guarded.mutex.get()) };
        assert_eq!(locked, 0, "no process dies here");
        // SAFETY: the mutex is held.
        let r = f(unsafe { &mut *guarded.plain.get() });
        // SAFETY: as above.
        unsafe { libc::pthread_mutex_unlock(guarded.mutex.get()) };
        r
    }
}

impl<const N: usize> Drop for Mutex<N> {
    fn drop(&mut self) {
        // SAFETY: mapped in `new`; nothing borrows it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), size_of::<Guarded<N>>()) };
    }
}

/// The random spot of operation `i`: the same one on both sides, and known long before it is needed.
#[inline]
fn spot(i: u64, len: usize) -> usize {
    let mixed = i.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (((mixed >> 32) * len as u64) >> 32) as usize
}

/// Two spots that differ.
#[inline]
fn spots(i: u64, len: usize) -> (usize, usize) {
    let from = spot(2 * i, len);
    (from, (from + 1 + spot(2 * i + 1, len - 1)) % len)
}

/// One operation, done once for each number in the range.
type Operation<'a> = dyn FnMut(std::ops::Range<u64>) + 'a;

/// How long to measure.
#[derive(Clone, Copy)]
struct Effort {
    rounds: usize,
    round: Duration,
}

impl Effort {
    /// Nanoseconds per operation, one column for each of `sides`, one line per round. Also how often each was done.
    fn measure<const S: usize>(self, mut sides: [&mut Operation<'_>; S]) -> (Vec<[f64; S]>, u64) {
        // As many operations per round as the slowest side can do in time; the first try warms up.
        let mut count = 1;
        let mut next = 0;
        let mut round = |count: u64| {
            let range = next..next + count;
            next = range.end;
            sides.each_mut().map(|side| {
                let start = Instant::now();
                side(range.clone());
                start.elapsed()
            })
        };
        while round(count).into_iter().max() < Some(self.round / 2) {
            count *= 2;
        }
        let per = |time: Duration| time.as_secs_f64() * 1e9 / count as f64;
        let times = (0..self.rounds).map(|_| round(count).map(per)).collect();
        (times, next)
    }

    /// Medians of both sides and of their ratio.
    fn compare(self, ours: &mut Operation<'_>, mutex: &mut Operation<'_>) -> (Cell, u64) {
        let (times, done) = self.measure([ours, mutex]);
        let of = |f: &dyn Fn(&[f64; 2]) -> f64| median(times.iter().map(f).collect());
        (Cell { ours: of(&|t| t[0]), mutex: of(&|t| t[1]), ratio: of(&|t| t[0] / t[1]) }, done)
    }

    /// The median of one side.
    fn time(self, limit: &mut Operation<'_>) -> f64 {
        median(self.measure([limit]).0.into_iter().map(|[t]| t).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Cell {
    ours: f64,
    mutex: f64,
    ratio: f64,
}

const OPERATIONS: [&str; 7] = [
    "load the counter",
    "read one item + counter",
    "read all",
    "update one item + counter",
    "update two items",
    "append",
    "roll back",
];

/// The operations on a state of `N` items, in the order of [`OPERATIONS`], and the time to copy as many bytes.
fn column<const N: usize>(effort: Effort) -> ([Cell; 7], f64) {
    // Memory, as the default place is; where there is no such directory, whatever there is.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let init = |s: &mut Board<N>| s.items.resize(N, 1).expect("N items fit");
    let state = State::<Board<N>>::options().init(init).create(dir.path().join("state")).expect("a state");
    let mutex = Mutex::<N>::new();
    mutex.lock(|p| (p.len, p.items) = (N as u64, [1; N]));
    let counters = || (state.read(|s| s.counter).unwrap(), mutex.lock(|p| p.counter));
    let sums = || (state.read(|s| s.items.iter().sum::<u64>()).unwrap(), mutex.lock(|p| p.items.iter().sum::<u64>()));

    let counter = state.project(|s| &s.counter).expect("a plain field");
    let (load, _) = effort.compare(
        &mut |range| {
            for _ in range {
                black_box(state.load(&counter).unwrap());
            }
        },
        &mut |range| {
            for _ in range {
                black_box(mutex.lock(|p| p.counter));
            }
        },
    );
    let (read_one, _) = effort.compare(
        &mut |range| {
            for i in range {
                black_box(state.read(|s| s.items[spot(i, N)] + s.counter).unwrap());
            }
        },
        &mut |range| {
            for i in range {
                black_box(mutex.lock(|p| p.items[spot(i, N)] + p.counter));
            }
        },
    );
    let (read_all, _) = effort.compare(
        &mut |range| {
            for _ in range {
                black_box(state.read(|s| s.items.iter().sum::<u64>()).unwrap());
            }
        },
        &mut |range| {
            for _ in range {
                black_box(mutex.lock(|p| p.items[..p.len as usize].iter().sum::<u64>()));
            }
        },
    );
    let (update_one, ones) = effort.compare(
        &mut |range| {
            for i in range {
                state
                    .update(|s| {
                        s.items[spot(i, N)] += 1;
                        s.counter += 1;
                    })
                    .unwrap();
            }
        },
        &mut |range| {
            for i in range {
                mutex.lock(|p| {
                    p.items[spot(i, N)] += 1;
                    p.counter += 1;
                });
            }
        },
    );
    assert_eq!(counters(), (ones, ones));
    assert_eq!(sums(), (N as u64 + ones, N as u64 + ones));

    let (update_two, twos) = effort.compare(
        &mut |range| {
            for i in range {
                let (from, to) = spots(i, N);
                state
                    .update(|s| {
                        s.items[from] = s.items[from].wrapping_sub(1);
                        s.items[to] = s.items[to].wrapping_add(1);
                        s.counter += 1;
                    })
                    .unwrap();
            }
        },
        &mut |range| {
            for i in range {
                let (from, to) = spots(i, N);
                mutex.lock(|p| {
                    p.items[from] = p.items[from].wrapping_sub(1);
                    p.items[to] = p.items[to].wrapping_add(1);
                    p.counter += 1;
                });
            }
        },
    );
    assert_eq!(counters(), (ones + twos, ones + twos));
    state.read(|s| mutex.lock(|p| assert!(s.items == p.items[..], "the same spots on both sides"))).unwrap();

    let (roll_back, _) = effort.compare(
        &mut |range| {
            for i in range {
                let verdict = state.try_update(|s| {
                    s.items[spot(i, N)] = i;
                    s.counter = i;
                    Err::<(), ()>(())
                });
                assert_eq!(verdict.unwrap(), Err(()));
            }
        },
        &mut |range| {
            for i in range {
                mutex.lock(|p| {
                    let spot = spot(i, N);
                    let before = (p.items[spot], p.counter);
                    (p.items[spot], p.counter) = (i, i);
                    let p = black_box(p); // else there is nothing to do
                    (p.items[spot], p.counter) = before;
                });
            }
        },
    );
    assert_eq!(counters(), (ones + twos, ones + twos));
    state.read(|s| mutex.lock(|p| assert!(s.items == p.items[..], "nothing has changed"))).unwrap();

    let (append, appended) = effort.compare(
        &mut |range| {
            for i in range {
                state
                    .update(|s| {
                        if s.items.is_full() {
                            s.items.clear();
                        }
                        s.items.push(i).unwrap();
                        s.counter += 1;
                    })
                    .unwrap();
            }
        },
        &mut |range| {
            for i in range {
                mutex.lock(|p| {
                    if p.len == N as u64 {
                        p.len = 0;
                    }
                    p.items[p.len as usize] = i;
                    p.len += 1;
                    p.counter += 1;
                });
            }
        },
    );
    let counted = ones + twos + appended;
    assert_eq!(counters(), (counted, counted));
    state
        .read(|s| mutex.lock(|p| assert!(s.items == p.items[..p.len as usize], "the same items on both sides")))
        .unwrap();

    let (from, mut to) = (vec![1u8; size_of::<Board<N>>()], vec![0u8; size_of::<Board<N>>()]);
    let memcpy = effort.time(&mut |range| {
        for _ in range {
            black_box(&mut to[..]).copy_from_slice(black_box(&from[..]));
        }
    });
    ([load, read_one, read_all, update_one, update_two, append, roll_back], memcpy)
}

/// The time of an update of one item of 64 KiB, by the number of copies.
fn copies(effort: Effort, copies: usize) -> f64 {
    const N: usize = items(64 << 10);
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let init = |s: &mut Board<N>| s.items.resize(N, 1).expect("N items fit");
    let options = State::<Board<N>>::options().copies(copies).init(init);
    let state = options.create(dir.path().join("state")).expect("a state");
    effort.time(&mut |range| {
        for i in range {
            state.update(|s| s.items[spot(i, N)] += 1).unwrap();
        }
    })
}

/// Nanoseconds per update when two threads, with a handle each, update as fast as they can; and the same with the mutex.
fn contended(time: Duration) -> [f64; 2] {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let state = State::<Board<8>>::create(dir.path().join("state")).expect("a state");
    let other = state.try_clone().expect("another handle");
    let mutex = Mutex::<8>::new();
    let both = |one: &(dyn Fn() + Sync), two: &(dyn Fn() + Sync)| {
        let (start, done) = (Instant::now(), AtomicU64::new(0));
        let work = |update: &(dyn Fn() + Sync)| {
            while start.elapsed() < time {
                (0..100).for_each(|_| update());
                done.fetch_add(100, Ordering::Relaxed);
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| work(one));
            scope.spawn(|| work(two));
        });
        start.elapsed().as_secs_f64() * 1e9 / done.into_inner() as f64
    };
    let update = |state: &State<Board<8>>| state.update(|s| s.counter += 1).unwrap();
    let add = || mutex.lock(|p| p.counter += 1);
    [both(&|| update(&state), &|| update(&other)), both(&add, &add)]
}

/// Measures states and their containers beside the same without roll-back and without sharing, and prints tables of medians.
///
/// It takes about a minute and a half. Run it in a release build.
#[derive(Parser)]
struct Cli {
    /// A quarter of a minute: fewer rounds, and more noise.
    #[arg(long)]
    quick: bool,
    /// Each row once, which says whether it runs, and nothing else.
    #[arg(long)]
    once: bool,
}

fn main() {
    let cli = Cli::parse();
    let (rounds, round, touched) = match (cli.once, cli.quick) {
        (true, _) => (1, Duration::from_micros(100), 1),
        (false, true) => (51, Duration::from_millis(1), 64),
        (false, false) => (501, Duration::from_millis(1), 512),
    };
    let effort = Effort { rounds, round };
    let columns = [
        column::<8>(effort),
        column::<{ items(4 << 10) }>(effort),
        column::<{ items(64 << 10) }>(effort),
        column::<{ items(1 << 20) }>(effort),
    ];
    let word = AtomicU64::new(0);
    let fetch_add = effort.time(&mut |range| {
        for _ in range {
            black_box(&word).fetch_add(1, Ordering::SeqCst);
        }
    });
    let lock = AtomicU32::new(0);
    let cas_swap = effort.time(&mut |range| {
        for _ in range {
            let lock = black_box(&lock);
            let _ = lock.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed);
            lock.swap(0, Ordering::Release);
        }
    });

    println!("shmstate and, after the slash, the robust mutex in place: median ns; median of their ratio\n");
    println!(
        "| operation                 | 64 B of items          | 4 KiB                  | 64 KiB                 | 1 MiB                  |"
    );
    println!(
        "|---------------------------|------------------------|------------------------|------------------------|------------------------|"
    );
    for (row, name) in OPERATIONS.iter().enumerate() {
        print!("| {name:<25} ");
        for (cells, _) in &columns {
            let Cell { ours, mutex, ratio } = cells[row];
            let times = format!("{} / {}", short(ours), short(mutex));
            print!("| {times:<15} {ratio:>5.2}x ");
        }
        println!("|");
    }
    print!("| {:<25} ", "memcpy of the state");
    for (_, memcpy) in &columns {
        print!("| {:<22} ", short(*memcpy));
    }
    println!("|\n\nfetch_add {fetch_add:.1} ns, compare_exchange and releasing swap {cas_swap:.1} ns");
    print!("update one item of 64 KiB, by copies:");
    for k in [2, 3, 4, 8] {
        print!(" {k}: {} ns", short(copies(effort, k)));
    }
    let [ours, mutexes] = contended(effort.round * effort.rounds as u32);
    println!("\ntwo threads at once: {} ns per update, mutex {} ns", short(ours), short(mutexes));
    read_only::lines(effort.round * effort.rounds as u32);
    handles::line(effort);
    attach::line(effort);
    first_touch::line(touched);
    println!("64 B: 8 items in a state of {} bytes; append clears the list when it is full", size_of::<Board<8>>());
    println!("roll back: the mutex's side puts back by hand what it has changed");
    maps::table(effort);
    containers::table(effort);
    more_containers::table(effort);
}

/// Prints one line for each operation, of three columns.
fn print<const R: usize>(operations: &[&str; R], columns: &[[Cell; R]; 3]) {
    println!(
        "| operation                 | of 64                  | of 1024                | of 16384               |"
    );
    println!(
        "|---------------------------|------------------------|------------------------|------------------------|"
    );
    for (row, name) in operations.iter().enumerate() {
        print!("| {name:<25} ");
        for cells in columns {
            let Cell { ours, mutex: std, ratio } = cells[row];
            let times = format!("{} / {}", short(ours), short(std));
            print!("| {times:<15} {ratio:>5.2}x ");
        }
        println!("|");
    }
}

/// Three digits that matter.
fn short(ns: f64) -> String {
    if ns < 100.0 { format!("{ns:.1}") } else { format!("{ns:.0}") }
}
