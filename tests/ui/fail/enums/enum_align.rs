// Rule: an enum with `align` has padding

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8, align(4))]
enum Color {
    Red,
    Green,
}

fn main() {}
