//! A process whose time of day jumps by decades whenever it is asked for: waits last as long as their deadlines say.

use shmstate::{Error, ErrorKind, State};
use shmstate_tests::{Fixture, PATIENCE};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How often the time of day was asked for.
static ASKED: AtomicI64 = AtomicI64::new(0);

const DECADE: libc::time_t = 10 * 365 * 24 * 3600;

/// In place of the C library's: the time of day is another decade each time, now and then one before 1970.
#[unsafe(no_mangle)]
extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int {
    // SAFETY: the caller's place for a time.
    let failed = unsafe { libc::syscall(libc::SYS_clock_gettime, clock, time) };
    if failed == 0 && matches!(clock, libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI) {
        let asked = ASKED.fetch_add(1, Relaxed);
        // SAFETY: as above, and filled in by the kernel.
        let time = unsafe { &mut *time };
        time.tv_sec += [-8, 3, -1, 7, -7, 0, 2][(asked % 7) as usize] * DECADE;
    }
    failed as libc::c_int
}

/// Longer than anything takes that does not wait.
const TIMEOUT: Duration = Duration::from_millis(150);

/// The call gives up, and not before its time.
fn gives_up<R>(call: impl FnOnce() -> Result<R, Error>) {
    let since = Instant::now();
    let Err(error) = call() else { panic!("it hinders no process") };
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(since.elapsed() >= TIMEOUT, "after {:?}", since.elapsed());
}

/// Whether the word of the lock says that a writer sleeps until it is free.
fn is_waited_for(path: &Path) -> bool {
    let mut word = [0; 4];
    File::open(path).and_then(|file| file.read_exact_at(&mut word, 256)).expect("the region's file");
    u32::from_ne_bytes(word) >> 31 == 1
}

fn main() {
    // SAFETY: no pointers.
    unsafe { libc::alarm(120) };
    let (begun, path) = (Instant::now(), std::env::args_os().nth(1).expect("a path"));
    let path = Path::new(&path);
    let with = |timeout| State::<Fixture>::options().timeout(timeout).copies(2).handles(3);
    let fixture = with(PATIENCE).create(path).expect("a fixture");
    assert_ne!(ASKED.load(Relaxed), 0, "the time of creation is not by this clock");
    let (hasty, patient) = (with(TIMEOUT).open(path).expect("a handle"), with(PATIENCE).open(path).expect("a handle"));
    gives_up(|| with(TIMEOUT).open(path));
    let on_another_thread = |f: &(dyn Fn() + Sync)| {
        std::thread::scope(|scope| scope.spawn(f).join()).expect("the other thread");
    };
    fixture.update(|_| on_another_thread(&|| gives_up(|| hasty.update(Fixture::step)))).expect("an update");
    // K = 2: a reader that stays is in the way of the second update.
    fixture
        .read(|_| {
            on_another_thread(&|| {
                hasty.update(Fixture::step).expect("the first one");
                gives_up(|| hasty.update(Fixture::step));
            });
        })
        .expect("a read");
    // An update within its deadline waits until the lock is free, whatever the time of day is meanwhile.
    std::thread::scope(|scope| {
        let waiter = fixture
            .update(|_| {
                let waiter = scope.spawn(|| patient.update(Fixture::step));
                while !is_waited_for(path) {
                    std::thread::yield_now();
                }
                std::thread::sleep(TIMEOUT);
                waiter
            })
            .expect("an update");
        waiter.join().expect("the waiter").expect("an update that waits");
    });
    let stats = fixture.stats().expect("the counts");
    assert!((TIMEOUT..begun.elapsed()).contains(&stats.longest_wait), "{stats:?}");
    let version = fixture.version().expect("a version");
    assert!(patient.read(|s| s.steps == 2 && version == 4).expect("a read"), "version {version}");
    println!("done");
}
