// Rule: a key is given once

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(version = 1)]
#[shared(size = 8, version = 2)]
struct State {
    #[shared(offset = 0, offset = 0)]
    a: u64,
}

fn main() {}
