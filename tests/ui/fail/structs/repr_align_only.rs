// Rule: `#[repr(align)]` alone does not fix the order of fields

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(align(64))]
struct State {
    ticks: [u64; 8],
}

fn main() {}
