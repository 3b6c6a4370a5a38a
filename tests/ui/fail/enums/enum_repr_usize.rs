// Rule: the discriminant is of one size everywhere

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(usize)]
enum Color {
    Red,
    Green,
}

fn main() {}
