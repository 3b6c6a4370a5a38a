// Rule: pins of an enum hold

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u16)]
#[shared(size = 1)]
enum Color {
    Red,
}

fn main() {}
