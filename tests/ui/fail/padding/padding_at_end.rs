// Rule: padding at the end is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    flag: u8,
}

fn main() {}
