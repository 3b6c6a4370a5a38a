// Rule: an array has a length

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    nothing: [u64; 0],
}

fn main() {}
