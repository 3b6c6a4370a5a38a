// Rule: a unit struct is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State;

fn main() {}
