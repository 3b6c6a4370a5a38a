// Rule: no proof can be switched off

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(skip_check)]
struct State {
    #[shared(skip)]
    a: Vec<u64>,
    #[shared(unchecked = true)]
    b: u64,
}

fn main() {}
