//! Too little room: on a file system, and in a memory control group.

use crate::limits::mount;
use crate::say;
use shmstate::{Error, ErrorKind, List, State};
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
