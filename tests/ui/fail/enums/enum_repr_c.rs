// Rule: `#[repr(C)]` does not fix the size of an enum

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
enum Color {
    Red,
    Green,
}

fn main() {}
