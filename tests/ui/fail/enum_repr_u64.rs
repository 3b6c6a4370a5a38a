// Rule: the discriminant is at most a `u32`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u64)]
enum Color {
    Red,
    Green,
}

fn main() {}
