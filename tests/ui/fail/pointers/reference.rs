// Rule: references are refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    number: &'static u64,
    samples: &'static [f64],
}

fn main() {}
