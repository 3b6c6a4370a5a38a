//! Creating, opening and removing at the same time.

use shmstate::State;
use shmstate_tests::{Child, Counters, Fixture, child, eventually, scratch_dir};
use std::os::fd::AsRawFd;

#[test]
fn one_of_eight_creates_and_all_get_the_same() {
    let dir = scratch_dir();
    let (party, rounds) = (8, 300);
    let children: Vec<Child> = (0..party)
        .map(|me: u64| child!["race", dir.path(), me.to_string(), party.to_string(), rounds.to_string()])
        .collect();
    for child in children {
        assert_eq!(child.succeed(), ["done"]);
    }
    let counters = Counters::open(dir.path().join("counters"));
    let makers: Vec<u64> = (0..rounds).map(|round| counters.get(Counters::FREE + round)).collect();
    assert!(makers.iter().all(|maker| (1..=party).contains(maker)));
    // Names, and nothing else: no half-made files.
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), rounds + 1);
}

#[test]
fn creating_opening_and_removing_give_no_wrong_error() {
    let dir = scratch_dir();
    let path = dir.path().join("churned");
    let children: Vec<Child> = (0..6).map(|me: u64| child!["churn", path, me.to_string(), "400"]).collect();
    let (mut made, mut removed) = (0, 0);
    for child in children {
        let line = child.succeed().concat();
        let (m, r) = line.split_once(' ').unwrap();
        made += m.parse::<u64>().unwrap();
        removed += r.parse::<u64>().unwrap();
    }
    println!("created {made}, removed {removed}");
    assert!(made > 10 && removed > 10);
    let left = usize::from(path.exists());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), left, "something was left behind");
}

/// A process that has found a region by its name, and attaches only when the name leads to another one, uses that one.
#[test]
fn the_name_decides_when_somebody_gets_in_late() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    drop(State::<Fixture>::create(&path).unwrap());
    // No process attaches to the old region while another one seems to make it clean.
    let old = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    // SAFETY: a struct of integers.
    let mut flock: libc::flock = unsafe { std::mem::zeroed() };
    (flock.l_type, flock.l_start, flock.l_len) = (libc::F_WRLCK as libc::c_short, 0x4000_0000_0000_0000, 1);
    // SAFETY: an open file and an initialised struct.
    assert_eq!(unsafe { libc::fcntl(old.as_raw_fd(), libc::F_OFD_SETLK, &raw const flock) }, 0);
    let writer = child!["write", path, dir.path().join("counters"), "1", "1"];
    let has_found_it = || {
        std::fs::read_dir(format!("/proc/{}/fd", writer.pid()))
            .unwrap()
            .any(|entry| entry.and_then(|entry| std::fs::read_link(entry.path())).is_ok_and(|target| target == path))
    };
    eventually("the writer looks for the region", has_found_it);
    std::fs::remove_file(&path).unwrap();
    let new = State::<Fixture>::create(&path).unwrap();
    drop(old);
    assert_eq!(writer.succeed(), ["in", "1"]);
    assert_eq!(new.version().unwrap(), 1, "the update went to a region without a name");
}
