// Rule: `usize` and `isize` differ between platforms

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    len: usize,
    step: isize,
}

fn main() {}
