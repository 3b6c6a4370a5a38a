// Rule: a `Set` has a capacity

use shmstate::{Set, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Set<u64, 0>,
}

fn main() {}
