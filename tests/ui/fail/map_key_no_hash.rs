// Rule: the keys of a `Map` are `Hash + Eq`

use shmstate::{Map, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    prices: Map<f64, u64, 8>,
}

fn main() {}
