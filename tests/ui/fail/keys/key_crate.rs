// Rule: `crate` takes a path

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = shmstate)]
struct State {
    a: u64,
}

fn main() {}
