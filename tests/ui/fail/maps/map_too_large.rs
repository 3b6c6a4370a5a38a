// Rule: a `Map` holds at most 2³¹ entries

use shmstate::{Map, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    huge: Map<u8, u8, { (1 << 31) + 1 }>,
}

fn main() {}
