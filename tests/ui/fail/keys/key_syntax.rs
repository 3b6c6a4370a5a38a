// Rule: keys stand in parentheses

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared]
struct State {
    #[shared = "pod"]
    a: u64,
    #[shared(offset = )]
    b: u64,
}

fn main() {}
