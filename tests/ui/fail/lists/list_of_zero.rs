// Rule: a `List` has a capacity

use shmstate::{List, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: List<u64, 0>,
}

fn main() {}
