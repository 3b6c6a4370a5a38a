// Rule: padding that `align` makes is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, align(64))]
struct State {
    ticks: u64,
}

fn main() {}
