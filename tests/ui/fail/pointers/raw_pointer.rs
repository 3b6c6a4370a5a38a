// Rule: raw pointers are refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    next: *mut u64,
    other: std::ptr::NonNull<u8>,
}

fn main() {}
