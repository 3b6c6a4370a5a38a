// Rule: `()` is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    nothing: (),
}

fn main() {}
