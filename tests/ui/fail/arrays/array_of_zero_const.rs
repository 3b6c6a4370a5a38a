// Rule: an array has a length, also by a constant

use shmstate::SharedLayout;

const NONE: usize = 0;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    nothing: [u64; NONE],
}

fn main() {}
