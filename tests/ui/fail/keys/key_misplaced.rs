// Rule: a key stands in its place

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(pod)]
struct State {
    #[shared(version = 1)]
    a: u64,
}

fn main() {}
