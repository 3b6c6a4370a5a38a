// Rule: padding in a tuple struct is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State(u8, u32, u8);

fn main() {}
