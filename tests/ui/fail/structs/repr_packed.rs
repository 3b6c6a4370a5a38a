// Rule: a packed struct is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, packed)]
struct State {
    flag: u8,
    ticks: u64,
}

fn main() {}
