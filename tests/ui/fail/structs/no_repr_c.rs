// Rule: a struct needs `#[repr(C)]`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
struct State {
    ticks: u64,
}

fn main() {}
