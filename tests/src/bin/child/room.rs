//! Too little room: on a file system, and in a memory control group.

use crate::limits::mount;
use crate::{say, wait_for_go};
use shmstate::{Error, ErrorKind, List, State};
use shmstate_tests::{Child, PATIENCE};
use std::fs;
use std::path::Path;

/// 48 MiB in three copies.
type Large = List<u64, { 2 << 20 }>;

/// 45 GiB in three copies. It must never be created.
type Huge = List<u64, 2_000_000_000>;

pub fn run(what: &str, path: &str) {
    match what {
        "small-tmpfs" => small_tmpfs(path),
        "group" => group(path),
        "herd" => herd(path),
        "herd-worker" => herd_worker(path),
        "nested" => nested(path),
        "stays-in-init" => stays_in_init(path),
        "forks-in-init" => forks_in_init(path),
        "profiled" => profiled(path),
        _ => panic!("no such scenario: {what}"),
    }
}

/// The message of an error that says that there is no room.
#[track_caller]
fn no_space<T>(result: Result<T, Error>, parts: &[&str]) {
    let Err(error) = result else { panic!("there was room") };
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    }
}

/// Regions that are larger than their file system are refused before they take any of it.
fn small_tmpfs(dir: &str) {
    mount(dir, 8 << 20);
    let path = Path::new(dir).join("region");
    let left = ["8388608 bytes (8.0 MiB) are left", "limited by the free space of its file system", "make room"];
    no_space(State::<Huge>::create(&path), &left);
    no_space(State::<Huge>::open_or_create(&path), &["(44.7 GiB)"]);
    no_space(State::<Large>::create(&path), &["it needs 50", "(48.1 MiB)", "fewer `copies`"]);
    // The kernel does not let it either.
    let insisting = || State::<Large>::options().ignore_memory_limits(true);
    no_space(insisting().create(&path), &["No space left on device", "make room"]);
    assert_eq!(fs::read_dir(dir).expect("a directory").count(), 0, "something was left behind");
    // What it took, it has given back.
    let half = State::<List<u64, { 1 << 18 }>>::create(&path).expect("6 MiB");
    no_space(State::<List<u64, { 1 << 18 }>>::create(Path::new(dir).join("other")), &left[1..]);
    half.update(|list| list.push(7).expect("an item")).expect("an update");
    say("done");
}

/// Makes this process one of a memory control group.
fn join(procs: &str) {
    fs::write(procs, std::process::id().to_string()).expect("a member of the group");
}

/// In a group whose limit is lower, wherever the region is to be.
fn group(paths: &str) {
    let (procs, dir) = paths.split_once(',').expect("two paths");
    join(procs);
    let path = Path::new(dir).join("region");
    let limit = ["the memory limit of this process's control group (`", "/memory.", "`ignore_memory_limits(true)`"];
    no_space(State::<Large>::create(&path), &limit);
    no_space(State::<Large>::open_or_create(&path), &limit);
    no_space(State::<Large>::anonymous(), &limit);
    // A fault here would end this process, and nothing else.
    no_space(State::<Huge>::anonymous(), &["(44.7 GiB)"]);
    assert_eq!(fs::read_dir(dir).expect("a directory").count(), 0, "something was left behind");
    // A spare copy is not taken into use; there is none too few for what goes on.
    let state = State::<List<u64, { 1 << 19 }>>::options()
        .copies(2)
        .max_copies(8)
        .timeout(std::time::Duration::from_millis(50))
        .create(&path)
        .expect("8 MiB");
    let reader = State::<List<u64, { 1 << 19 }>>::open(&path).expect("a handle");
    let mut readers = Vec::new();
    let copies = hold_all(&state, &reader, &mut readers, 0);
    assert!((3..8).contains(&copies), "{copies} copies of 4 MiB in 32 MiB");
    state.update(|list| list.push(7).expect("an item")).expect("an update");
    say("done");
}

/// Holds one more copy in a reader's closure at each level, until no spare one comes. Returns how many came into use.
fn hold_all<const N: usize>(
    state: &State<List<u64, N>>,
    reader: &State<List<u64, N>>,
    held: &mut Vec<usize>,
    level: usize,
) -> usize {
    let updated = std::thread::scope(|scope| {
        scope.spawn(|| state.update(|list| list.push(1).expect("an item"))).join().expect("no panic")
    });
    match updated {
        Ok(()) => {
            held.push(level);
            reader.read(|_| hold_all(state, reader, held, level + 1)).expect("a read")
        }
        Err(e) => {
            assert_eq!(e.kind(), ErrorKind::Busy, "{e}");
            state.stats().expect("the counts").copies
        }
    }
}

/// 12 MiB in three copies.
type Cache = List<u64, { 1 << 19 }>;

/// Workers that start together, on a file system that has room for a few regions, not for one of each.
fn herd(dir: &str) {
    const WORKERS: usize = 16;
    mount(dir, 64 << 20);
    let path = Path::new(dir).join("region");
    let child = std::env::current_exe().expect("this program");
    let args = ["room".as_ref(), "herd-worker".as_ref(), path.as_os_str()];
    let mut workers: Vec<Child> = (0..WORKERS).map(|_| Child::start(&child, &args)).collect();
    workers.iter().for_each(|worker| worker.expect("ready"));
    workers.iter_mut().for_each(Child::go);
    workers.iter().for_each(|worker| worker.expect("in"));
    // All of them have it open.
    let state = State::<Cache>::open(&path).expect("the region");
    assert_eq!(state.read(|list| list.len()).expect("a read"), WORKERS);
    let used = bytes_used(dir);
    assert!(used < 16 << 20, "{used} bytes of the file system are in use");
    assert_eq!(fs::read_dir(dir).expect("a directory").count(), 1);
    workers.iter_mut().for_each(Child::go);
    workers.into_iter().for_each(|worker| drop(worker.succeed()));
    // Of those that want to be the only creator, all but one get the error that there is one.
    shmstate::remove(&path).expect("removal");
    drop(state);
    let args = ["room".as_ref(), "herd-worker".as_ref(), std::ffi::OsStr::new(dir)];
    let mut creators: Vec<Child> = (0..WORKERS).map(|_| Child::start(&child, &args)).collect();
    creators.iter().for_each(|creator| creator.expect("ready"));
    creators.iter_mut().for_each(Child::go);
    let said: Vec<String> = creators.iter().map(|creator| creator.line().expect("a word")).collect();
    assert_eq!(said.iter().filter(|line| *line == "AlreadyExists").count(), WORKERS - 1, "{said:?}");
    say("done");
}

/// Bytes that are taken of a file system.
fn bytes_used(dir: &str) -> u64 {
    let dir = std::ffi::CString::new(dir).expect("a path");
    // SAFETY: a struct of integers.
    let mut stat: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: a string that ends in a zero, and a struct to fill.
    assert_eq!(unsafe { libc::statvfs(dir.as_ptr(), &raw mut stat) }, 0);
    (stat.f_blocks - stat.f_bfree) * stat.f_frsize
}

/// Opens or creates the region at a path; or creates one in a directory.
fn herd_worker(path: &str) {
    say("ready");
    wait_for_go();
    let options = || State::<Cache>::options().timeout(PATIENCE);
    let result = if Path::new(path).is_dir() {
        options().create(Path::new(path).join("created"))
    } else {
        options().open_or_create(path)
    };
    match result {
        Ok(state) => {
            state.update(|list| list.push(7).expect("an item")).expect("an update");
            say("in");
            wait_for_go();
        }
        Err(e) => say(&format!("{:?}", e.kind())),
    }
}

/// The closure that fills a region creates another one in the same directory.
fn nested(dir: &str) {
    mount(dir, 64 << 20);
    // A wait would be longer than any test's patience.
    let options = || State::<Cache>::options().timeout(PATIENCE * 100);
    let (outer, inner) = (Path::new(dir).join("outer"), Path::new(dir).join("inner"));
    let init = |list: &mut Cache| {
        let other = options().open_or_create(&inner).expect("another region");
        list.push(other.version().expect("a version") + 1).expect("an item");
    };
    let state = options().init(init).create(&outer).expect("a region");
    assert_eq!(state.read(|list| list.to_vec()).expect("a read"), [1]);
    // The turn was given back.
    let third = options().create(Path::new(dir).join("third")).expect("a third one");
    drop(third);
    say("done");
}

/// A creator that stays where it is until it gets an order.
fn stays_in_init(path: &str) {
    let init = |list: &mut Cache| {
        list.push(7).expect("an item");
        say("in");
        wait_for_go();
    };
    let state = State::<Cache>::options().timeout(PATIENCE).init(init).open_or_create(path).expect("a region");
    say(&format!("{:?}", state.read(|list| list.to_vec()).expect("a read")));
    wait_for_go();
}

/// A creator that is killed, and has left a child behind.
fn forks_in_init(path: &str) {
    let init = |_: &mut Cache| {
        // SAFETY: the child does not return from here, and calls only what a child may call.
        if unsafe { libc::fork() } == 0 {
            let mut byte = 0_u8;
            // SAFETY: one byte of this function's own. It waits until the test is over.
            unsafe { libc::read(0, (&raw mut byte).cast(), 1) };
            // SAFETY: no pointers.
            unsafe { libc::_exit(0) };
        }
        crate::die();
    };
    drop(State::<Cache>::options().init(init).create(path));
}

/// Creates a region of 12 MiB while a profiler's timer fires.
fn profiled(path: &str) {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: a struct of integers, for which zeroes are a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as *const () as usize;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: an initialised struct, and a handler that does nothing.
    unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
    let interval = libc::timeval { tv_sec: 0, tv_usec: 2000 };
    let timer = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: an initialised struct.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    drop(State::<Cache>::create(path).expect("a region"));
    say("done");
}
