//! Readers that come while a writer takes their slots off the list of readers.

use super::super::Reader::{self, Guest, Owner};
use super::deaths::{at_every_write, go_on};
use super::explore::explore;
use super::fixture::Fixture;
use loom::thread;
use std::sync::Arc;

/// Handle 1 has read, and has been idle for a sweep.
fn aged(copies: usize, slots: usize) -> Arc<Fixture> {
    let fixture = Fixture::new(copies, slots, slots);
    fixture.read(1, Guest);
    fixture.sweep(0);
    fixture
}

/// Handle 0 sweeps and writes while `readers` look: handle, who, how often.
fn swept(copies: usize, slots: usize, readers: &[(usize, Reader, usize)]) {
    let fixture = aged(copies, slots);
    let threads = readers.iter().map(|&(me, who, n)| {
        let fixture = Arc::clone(&fixture);
        thread::spawn(move || fixture.reads(me, who, n))
    });
    let threads: Vec<_> = threads.collect();
    fixture.sweep(0);
    fixture.update(0);
    fixture.update(0);
    for thread in threads {
        thread.join().expect("joined");
    }
    fixture.finish(2);
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
        let fixture = aged(2, 3);
        let reader = thread::spawn({
            let fixture = Arc::clone(&fixture);
            move || fixture.reads(1, Owner, 2)
        });
        let died = fixture.killed(0, writes, || fixture.sweep(0)).is_err();
        fixture.update(2);
        fixture.update(2);
        reader.join().expect("joined");
        go_on(&fixture, 2);
        died
    });
}
