//! Readers that come while a writer takes their slots off the list of readers.

use super::super::Reader::{self, Guest, Owner};
use super::deaths::{at_every_write, go_on};
use super::explore::explore;
use super::world::World;
use loom::thread;
use std::sync::Arc;

/// Handle 1 has read, and has been idle for a sweep.
fn aged(copies: usize, slots: usize) -> Arc<World> {
    let world = World::new(copies, slots, slots);
    world.read(1, Guest);
    world.sweep(0);
    world
}

/// Handle 0 sweeps and writes while `readers` look: handle, who, how often.
fn swept(copies: usize, slots: usize, readers: &[(usize, Reader, usize)]) {
    let world = aged(copies, slots);
    let threads = readers.iter().map(|&(me, who, n)| {
        let world = Arc::clone(&world);
        thread::spawn(move || world.reads(me, who, n))
    });
    let threads: Vec<_> = threads.collect();
    world.sweep(0);
    world.update(0);
    world.update(0);
    for thread in threads {
        thread.join().expect("joined");
    }
    world.finish(2);
}

#[test]
fn an_owner_comes_back() {
    explore("K=2, an owner x2 is swept, 1 writer x2", Some(3), || swept(2, 2, &[(1, Owner, 2)]));
}

#[test]
fn a_guest_comes_back() {
    explore("K=2, a guest x2 is swept, 1 writer x2", Some(3), || swept(2, 2, &[(1, Guest, 2)]));
}

#[test]
fn two_threads_come_back() {
    explore("K=2, 2 threads of 1 handle are swept, 1 writer x2", Some(2), || {
        swept(2, 2, &[(1, Guest, 1), (1, Owner, 1)])
    });
}

/// One that was never listed, while the last bit of its word is taken away.
#[test]
fn another_comes() {
    explore("K=2, 1 handle is swept, another x2 comes, 1 writer x2", Some(3), || swept(2, 3, &[(2, Guest, 2)]));
}

#[test]
fn a_sweep_dies() {
    at_every_write("K=2, a sweep dies, 1 reader x2, 1 writer x2", Some(2), |writes| {
        let world = aged(2, 3);
        let reader = thread::spawn({
            let world = Arc::clone(&world);
            move || world.reads(1, Owner, 2)
        });
        let died = world.killed(0, writes, || world.sweep(0)).is_err();
        world.update(2);
        world.update(2);
        reader.join().expect("joined");
        go_on(&world, 2);
        died
    });
}
