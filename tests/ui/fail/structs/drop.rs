// Rule: a type that implements `Drop` is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
}

impl Drop for State {
    fn drop(&mut self) {}
}

fn main() {}
