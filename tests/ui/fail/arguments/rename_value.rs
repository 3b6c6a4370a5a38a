// Rule: a new name is letters, digits and `_`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(rename)]
struct State {
    #[shared(rename = ticks)]
    a: u64,
    #[shared(rename = "")]
    b: u64,
    #[shared(rename = "two words")]
    c: u64,
}

fn main() {}
