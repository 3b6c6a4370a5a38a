// Rule: a union is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
union State {
    number: u64,
    bytes: [u8; 8],
}

fn main() {}
