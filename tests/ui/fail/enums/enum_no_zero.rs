// Rule: an enum needs a variant of value 0

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8)]
enum Color {
    Red = 1,
    Green,
}

fn main() {}
