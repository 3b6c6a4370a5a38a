// Rule: a `Ring` has a capacity

use shmstate::{Ring, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Ring<u64, 0>,
}

fn main() {}
