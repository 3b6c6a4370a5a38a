// Rule: a `Queue` has a capacity

use shmstate::{Queue, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Queue<u64, 0>,
}

fn main() {}
