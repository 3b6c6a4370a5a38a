// Rule: `str` becomes `Text`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    name: str,
}

fn main() {}
