// Rule: a `Blob` has a capacity

use shmstate::{Blob, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Blob<0>,
}

fn main() {}
