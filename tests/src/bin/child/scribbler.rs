//! Writes noise into a mapped region: as a process of its own, or between any two instructions of the process that uses the region.

use crate::say;
use memmap2::MmapRaw;
use shmstate_tests::Rng;
use shmstate_tests::hostile::Plain;
use std::fs;
use std::mem::offset_of;
use std::ptr;
use std::sync::atomic::{
    AtomicPtr, AtomicU8, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::time::Duration;

/// The bytes of a region.
struct Mapped(MmapRaw);

impl Mapped {
    fn byte(&self, at: usize, value: u8) {
        assert!(at < self.0.len());
        // SAFETY: inside of the mapping; all processes use it as shared memory.
        unsafe { AtomicU8::from_ptr(self.0.as_mut_ptr().wrapping_add(at)) }.store(value, Relaxed);
    }

    fn number(&self, at: usize, value: u32) {
        assert!((256..self.0.len() - 4).contains(&at) && at.is_multiple_of(4));
        // SAFETY: as above, and aligned.
        unsafe { AtomicU32::from_ptr(self.0.as_mut_ptr().wrapping_add(at).cast()) }.store(value, Relaxed);
    }

    fn wide(&self, at: usize, value: u64) {
        assert!((256..self.0.len() - 8).contains(&at) && at.is_multiple_of(8));
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().wrapping_add(at).cast()) }.store(value, Relaxed);
    }
}

/// A region, and what it was when it was sound.
struct Scribbler {
    what: String,
    good: Vec<u8>,
    map: Mapped,
    /// Where the heads of lists are, in all copies.
    heads: Vec<usize>,
    /// Header and schema, which are written once.
    identity: Vec<usize>,
    schema: usize,
    images: usize,
    stride: usize,
    /// Of the state.
    size: usize,
    rng: Rng,
}

impl Scribbler {
    fn new(what: &str, path: &str, seed: u64) -> Scribbler {
        let good = fs::read(path).expect("a region");
        let file = fs::File::options().read(true).write(true).open(path).expect("a region");
        let map = Mapped(MmapRaw::map_raw(&file).expect("a mapped region"));
        let word = |at: usize| u64::from_ne_bytes(good[at..at + 8].try_into().expect("eight bytes")) as usize;
        let (size, schema, images, stride) = (word(80), word(152), word(160), word(168));
        let lists =
            [offset_of!(Plain, flat), offset_of!(Plain, nested), offset_of!(Plain, wide), offset_of!(Plain, deep)];
        let inner = (0..9).map(|i| offset_of!(Plain, nested) + 64 + i * 80);
        let heads = (0..3)
            .flat_map(|k| lists.into_iter().chain(inner.clone()).map(move |at| images + k * stride + at))
            .collect();
        let identity = (0..256).chain(schema..schema + word(104)).collect();
        Scribbler { what: what.into(), good, map, heads, identity, schema, images, stride, size, rng: Rng::new(seed) }
    }

    /// Writes one piece of noise.
    fn scribble(&mut self) {
        let Scribbler { what, good, map, heads, identity, schema, images, stride, size, rng } = self;
        let end = match &**what {
            // Never for long, so that some find everything in order, and some find it changed half-way.
            "identity" => {
                let at = identity[rng.below(identity.len())];
                let noise = if rng.below(2) == 0 { rng.any() as u8 } else { good[at] ^ 1 << rng.below(8) };
                map.byte(at, noise);
                (0..rng.below(500)).for_each(|_| std::hint::spin_loop());
                return map.byte(at, good[at]);
            }
            "all" => map.0.len(),
            // What processes share, page bits included, but for schema and content.
            "words" => *schema,
            // The lengths and marks of lists, as fast as they come.
            "heads" => {
                let at = heads[rng.below(heads.len())];
                return match rng.below(3) {
                    0 => map.number(at, [0, 1, 3, u32::MAX][rng.below(4)]),
                    1 => map.number(at, rng.below(60) as u32),
                    _ => {
                        let mark = if rng.below(2) == 0 { rng.any() } else { rng.any() % 2000 };
                        map.wide(at + 8 * rng.below(8), mark);
                    }
                };
            }
            // The state: above all, what containers say of themselves, and their marks.
            "content" => {
                let at = *images + rng.below(3) * *stride + rng.below(*size) / 4 * 4;
                return match rng.below(4) {
                    0 => map.byte(at, rng.any() as u8),
                    1 => map.number(at, rng.any() as u32),
                    _ => map.number(at, rng.below(9) as u32),
                };
            }
            what => panic!("no such scribbler: {what}"),
        };
        let at = 256 + rng.below(end - 256 - 16);
        match rng.below(8) {
            0 => map.byte(at, rng.any() as u8),
            1 => map.byte(at, rng.below(4) as u8),
            2 => map.wide(at / 8 * 8, rng.any()),
            3 => map.wide(at / 8 * 8, [0, 1, u64::MAX, 1 << 63][rng.below(4)]),
            4 => map.number(at / 4 * 4, rng.below(9) as u32),
            // The few words that matter most are hit more often: the lock, the active copy, the counters.
            5 => map.number(256, [0, 1, 2, 3, 1 << 31, 1 << 31 | 2][rng.below(6)]),
            6 => map.wide(320, ((rng.any() % 8) << 8) | (rng.any() % 4)),
            _ => map.number(384 + 4 * rng.below(2), rng.below(3) as u32),
        }
    }

    /// Writes what was there, so that not everything that others do is refused at once.
    fn repair(&mut self) {
        if self.what == "identity" || self.rng.below(2) == 0 {
            return;
        }
        // What only the content says has nothing else to be repaired.
        let whole = ["heads", "content"].contains(&&*self.what) || self.rng.below(4) == 0;
        let end = if whole { self.good.len() } else { self.images };
        (256..end).for_each(|at| self.map.byte(at, self.good[at]));
        self.map.number(388, 1);
    }
}

/// Writes noise until it is killed; now and then it repairs what keeps others out.
pub fn run(what: &str, path: &str, seed: u64) {
    let mut scribbler = Scribbler::new(what, path, seed);
    say("in");
    loop {
        (0..scribbler.rng.below(2000)).for_each(|_| scribbler.scribble());
        scribbler.repair();
        if scribbler.rng.below(4) == 0 {
            std::thread::sleep(Duration::from_micros(scribbler.rng.any() % 3000));
        }
    }
}

/// The one of this process.
static HERE: AtomicPtr<Scribbler> = AtomicPtr::new(ptr::null_mut());

/// The timer whose signal it comes with.
static TIMER: AtomicPtr<libc::c_void> = AtomicPtr::new(ptr::null_mut());

/// Interrupts the main thread of this process from now on, after any instruction, and writes noise into that region meanwhile. A process beside this
/// one can write between two instructions that belong together as well, but seldom does.
pub fn interrupt(what: &str, path: &str, seed: u64) {
    HERE.store(Box::into_raw(Box::new(Scribbler::new(what, path, seed))), Release);
    let handler: extern "C" fn(libc::c_int) = interrupted;
    // SAFETY: it keeps to what a handler may do.
    assert_ne!(unsafe { libc::signal(libc::SIGUSR2, handler as libc::sighandler_t) }, libc::SIG_ERR);
    // SAFETY: zeroes are a value.
    let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
    event.sigev_notify = libc::SIGEV_SIGNAL;
    event.sigev_signo = libc::SIGUSR2;
    let mut timer: libc::timer_t = ptr::null_mut();
    // SAFETY: both are on this stack.
    assert_eq!(unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) }, 0);
    TIMER.store(timer, Relaxed);
    // SAFETY: made just now.
    unsafe { again(timer, 1000) }
}

/// # Safety
/// It is a timer.
unsafe fn again(timer: libc::timer_t, ns: i64) {
    let at = libc::timespec { tv_sec: 0, tv_nsec: ns };
    let never = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let once = libc::itimerspec { it_interval: never, it_value: at };
    // SAFETY: as the caller says.
    unsafe { libc::timer_settime(timer, 0, &once, ptr::null_mut()) };
}

extern "C" fn interrupted(_: libc::c_int) {
    // One thread at a time.
    let here = HERE.swap(ptr::null_mut(), Acquire);
    // SAFETY: it lives for ever, and is nowhere else meanwhile.
    let Some(scribbler) = (unsafe { here.as_mut() }) else { return };
    let most = [2, 30, 300][scribbler.rng.below(3)];
    (0..scribbler.rng.below(most)).for_each(|_| scribbler.scribble());
    if scribbler.rng.below(16) == 0 {
        scribbler.repair();
    }
    let ns = 1 + scribbler.rng.below(40_000) as i64;
    HERE.store(here, Release);
    // SAFETY: it was made before the first signal.
    unsafe { again(TIMER.load(Relaxed), ns) };
}
