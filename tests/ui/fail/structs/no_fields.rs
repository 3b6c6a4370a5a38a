// Rule: a struct without fields is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {}

fn main() {}
