// Rule: an initial value is of the type of its field

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct Limits {
    #[shared(init = "many")]
    most: u64,
    #[shared(init = 1 + missing())]
    least: u64,
}

fn main() {}
