// Rule: a `Text` has a capacity

use shmstate::{SharedLayout, Text};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: Text<0>,
}

fn main() {}
