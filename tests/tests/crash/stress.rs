//! Many processes on one fixture, none of which dies.

use shmstate::State;
use shmstate_tests::{Child, Counters, Fixture, PATIENCE, child, scratch_dir};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

fn crowd(writers: u64, readers: u64, copies: usize, time: Duration) {
    let dir = scratch_dir();
    let (path, counters) = (dir.path().join("fixture"), dir.path().join("counters"));
    let fixture = State::<Fixture>::options().timeout(PATIENCE).copies(copies).create(&path).unwrap();
    let counts = Counters::open(&counters);
    let mut children: Vec<Child> = Vec::new();
    for seed in 0..writers {
        children.push(child!["write", path, counters, seed.to_string(), "0"]);
    }
    for seed in 0..readers {
        children.push(child!["read", path, counters, seed.to_string()]);
    }
    children.iter().for_each(|child| child.expect("in"));
    std::thread::sleep(time);
    counts.word(Counters::STOP).store(1, SeqCst);
    let work: Vec<u64> = children.into_iter().map(|child| child.succeed().concat().parse().unwrap()).collect();
    let (written, read) = work.split_at(writers as usize);
    println!("{copies} copies: updates {written:?}, reads {read:?}");
    let updates: u64 = written.iter().sum();
    assert_eq!(updates, counts.get(Counters::DONE));
    assert_eq!(updates, fixture.version().unwrap(), "every update made one version, and none was lost");
    assert!(updates > 0 && read.iter().all(|reads| *reads > 0));
    assert!(*fixture.snapshot().unwrap() == *Fixture::at(updates));
}

#[test]
fn writers_and_readers() {
    crowd(3, 3, 3, Duration::from_secs(5));
}

#[test]
fn as_few_copies_as_can_be() {
    crowd(2, 2, 2, Duration::from_secs(2));
}

#[test]
fn many_copies() {
    crowd(2, 4, 8, Duration::from_secs(2));
}

/// Wherever a reader is on its way in, an update of the copy that it is heading for does not show.
#[test]
fn a_reader_that_is_overtaken_at_every_instruction() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().timeout(PATIENCE).copies(2).create(&path).unwrap();
    println!("{}", child!["overtake", path, "3000"].succeed().concat());
    assert!(*fixture.snapshot().unwrap() == *Fixture::at(fixture.version().unwrap()));
}
