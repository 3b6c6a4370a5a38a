// Rule: `Option` becomes `Maybe`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    limit: Option<u64>,
}

fn main() {}
