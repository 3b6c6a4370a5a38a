// Rule: slices are refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    samples: [u64],
}

fn main() {}
