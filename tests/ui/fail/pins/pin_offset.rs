// Rule: a pinned offset holds

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    a: u32,
    b: u32,
    #[shared(offset = 4)]
    c: u64,
}

fn main() {}
