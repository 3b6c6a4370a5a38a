#!/usr/bin/env bash
# A sleep of Rust's standard library lasts for as long as signals come, if they come more often than every 50 µs.
#
# Expected: std::thread::sleep(1 ms) takes a little more than 1 ms if signals interrupt it: "If the sleep is interrupted by a signal, it is
#           continued" for what is left. nanosleep(2) warns of a drift: the time between an interruption and the next call.
# True:     the time that the kernel says is left ends with the timer's slack, which is added to it once more by the next call. The slack is
#           50 µs unless prctl(PR_SET_TIMERSLACK) has changed it (hrtimer_nanosleep and hrtimer_expires_remaining, kernel/time/hrtimer.c,
#           Linux 6.18; library/std/src/sys/thread/unix.rs, Rust 1.95). A signal within less than the slack leaves as much to sleep as there
#           was before, or more. A sleep to a moment (clock_nanosleep with TIMER_ABSTIME) has nothing left to compute, and ends on time.
# Matters:  a library that sleeps between two looks at something shared stands still under a profiler's or an emulator's timer, and each
#           timeout that it checks after the sleep stands still with it.
# Needs:    Linux, rustc (1.85 or newer), a second or two. Exits 1 if the sleep ends on time.
set -euo pipefail
uname -sr
rustc --version
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
cat >"$dir/main.rs" <<'RUST'
use std::ffi::{c_int, c_long, c_ulong, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, Instant};

#[repr(C)]
struct Moment {
    seconds: c_long,
    rest: c_long,
}

#[repr(C)]
struct Timer {
    interval: Moment,
    first: Moment,
}

unsafe extern "C" {
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn setitimer(which: c_int, timer: *const Timer, old: *mut c_void) -> c_int;
    fn prctl(option: c_int, value: c_ulong) -> c_int;
    fn clock_gettime(clock: c_int, now: *mut Moment) -> c_int;
    fn clock_nanosleep(clock: c_int, flags: c_int, until: *const Moment, left: *mut Moment) -> c_int;
}

const SIGALRM: c_int = 14;
const PR_SET_TIMERSLACK: c_int = 29;
const CLOCK_MONOTONIC: c_int = 1;
const TIMER_ABSTIME: c_int = 1;

/// Signals that are still to come: each sleep ends, at the latest, with them.
static LEFT: AtomicI64 = AtomicI64::new(0);

fn set(microseconds: c_long) {
    let each = || Moment { seconds: 0, rest: microseconds };
    unsafe { setitimer(0, &Timer { interval: each(), first: each() }, null_mut()) };
}

extern "C" fn count(_: c_int) {
    if LEFT.fetch_sub(1, Relaxed) == 1 {
        set(0);
    }
}

fn under_signals(sleep: fn(Duration)) -> Duration {
    LEFT.store(10_000, Relaxed);
    set(30);
    let began = Instant::now();
    sleep(Duration::from_millis(1));
    let slept = began.elapsed();
    set(0);
    slept
}

fn sleep_to_a_moment(time: Duration) {
    let mut until = Moment { seconds: 0, rest: 0 };
    unsafe { clock_gettime(CLOCK_MONOTONIC, &mut until) };
    until.rest += time.as_nanos() as c_long;
    (until.seconds, until.rest) = (until.seconds + until.rest / 1_000_000_000, until.rest % 1_000_000_000);
    while unsafe { clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, null_mut()) } != 0 {}
}

fn main() {
    unsafe { signal(SIGALRM, count) };
    let long = under_signals(std::thread::sleep);
    println!("std::thread::sleep(1 ms), up to 10 000 signals, one every 30 µs: {long:?}");
    let moment = under_signals(sleep_to_a_moment);
    println!("clock_nanosleep to a moment in 1 ms, the same signals: {moment:?}");
    unsafe { prctl(PR_SET_TIMERSLACK, 1) };
    let exact = under_signals(std::thread::sleep);
    println!("std::thread::sleep(1 ms) with a slack of 1 ns, the same signals: {exact:?}");
    let limit = Duration::from_millis(150);
    std::process::exit(if long > limit && moment < limit && exact < limit { 0 } else { 1 });
}
RUST
rustc -O --edition 2024 -o "$dir/main" "$dir/main.rs"
"$dir/main"
