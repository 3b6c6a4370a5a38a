// Rule: the keys of a `SortedMap` are `Ord`

use shmstate::{SharedLayout, SortedMap};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    prices: SortedMap<f64, u64, 8>,
}

fn main() {}
