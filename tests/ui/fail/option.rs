// Rule: `Option` becomes a flag beside the value

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    limit: Option<u64>,
}

fn main() {}
