// Rule: numbers are whole numbers

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(size = "8", align = -8, version = 5_000_000_000)]
struct State {
    #[shared(offset)]
    a: u64,
    #[shared(pod = true)]
    b: u64,
}

fn main() {}
