// Rule: a pinned alignment holds

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(align = 4)]
struct State {
    a: u64,
}

fn main() {}
