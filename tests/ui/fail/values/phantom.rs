// Rule: `PhantomData` is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: u64,
    of: std::marker::PhantomData<u64>,
}

fn main() {}
