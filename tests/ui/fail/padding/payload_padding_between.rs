// Rule: padding between the fields of a variant is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Shape {
    Point,
    Circle { filled: bool, radius: f64 },
    Square(u8, u32),
    Fine(u32, u8),
}

fn main() {}
