//! Many processes on one world, none of which dies.

use shmstate::State;
use shmstate_tests::{Actor, PATIENCE, Tally, World, actor, scratch_dir};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

fn crowd(writers: u64, readers: u64, copies: usize, time: Duration) {
    let dir = scratch_dir();
    let (path, tally) = (dir.path().join("world"), dir.path().join("tally"));
    let world = State::<World>::options().timeout(PATIENCE).copies(copies).create(&path).unwrap();
    let counts = Tally::open(&tally);
    let mut actors: Vec<Actor> = Vec::new();
    for seed in 0..writers {
        actors.push(actor!["write", path, tally, seed.to_string(), "0"]);
    }
    for seed in 0..readers {
        actors.push(actor!["read", path, tally, seed.to_string()]);
    }
    actors.iter().for_each(|actor| actor.expect("in"));
    std::thread::sleep(time);
    counts.word(Tally::STOP).store(1, SeqCst);
    let work: Vec<u64> = actors.into_iter().map(|actor| actor.succeed().concat().parse().unwrap()).collect();
    let (written, read) = work.split_at(writers as usize);
    println!("{copies} copies: updates {written:?}, reads {read:?}");
    let updates: u64 = written.iter().sum();
    assert_eq!(updates, counts.get(Tally::DONE));
    assert_eq!(updates, world.version().unwrap(), "every update made one version, and none was lost");
    assert!(updates > 0 && read.iter().all(|reads| *reads > 0));
    assert!(*world.snapshot().unwrap() == *World::at(updates));
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
    let path = dir.path().join("world");
    let world = State::<World>::options().timeout(PATIENCE).copies(2).create(&path).unwrap();
    println!("{}", actor!["overtake", path, "3000"].succeed().concat());
    assert!(*world.snapshot().unwrap() == *World::at(world.version().unwrap()));
}
