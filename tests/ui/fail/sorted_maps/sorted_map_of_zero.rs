// Rule: a `SortedMap` has a capacity

use shmstate::{SharedLayout, SortedMap};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: SortedMap<u64, u64, 0>,
}

fn main() {}
