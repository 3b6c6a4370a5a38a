// Rule: padding between the discriminant and the first field of a variant is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8)]
enum Shape {
    Point,
    Circle(f64),
    Square { side: u16 },
    Letter(u8),
}

fn main() {}
