// Rule: an unknown key lists the valid ones

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(vesion = 3)]
struct State {
    #[shared(pot)]
    a: u64,
}

fn main() {}
