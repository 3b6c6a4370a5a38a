// Rule: an `Array` has a length

use shmstate::{Array, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Array<u64, 0>,
}

fn main() {}
