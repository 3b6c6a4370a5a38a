// Rule: tuples become structs

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    origin: (f64, f64),
}

fn main() {}
