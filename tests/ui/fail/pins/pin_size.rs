// Rule: a pinned size holds

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(version = 2, size = 8)]
struct State {
    a: u64,
    b: u64,
}

fn main() {}
