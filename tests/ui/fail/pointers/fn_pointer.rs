// Rule: function pointers are refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    hook: fn(u32) -> u32,
}

fn main() {}
