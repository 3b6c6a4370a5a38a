// Rule: the discriminant is unsigned

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(i8)]
enum Color {
    Red,
    Green,
}

fn main() {}
