// Rule: `init` takes a value

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct Limits {
    #[shared(init)]
    most: u64,
    #[shared(init(5))]
    least: u64,
}

fn main() {}
