// Rule: a `Slab` has a capacity

use shmstate::{Slab, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Slab<u64, 0>,
}

fn main() {}
