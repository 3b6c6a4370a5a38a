// Rule: a `Map` has a capacity

use shmstate::{Map, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Map<u64, u64, 0>,
}

fn main() {}
