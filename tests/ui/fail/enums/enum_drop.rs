// Rule: an enum that implements `Drop` is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8)]
enum Color {
    Red,
    Green,
}

impl Drop for Color {
    fn drop(&mut self) {}
}

fn main() {}
