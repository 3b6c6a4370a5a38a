// Rule: padding between fields is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    flag: u8,
    ticks: u64,
    small: u16,
    last: u32,
}

fn main() {}
