// Rule: an enum with a payload is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(u8)]
enum Shape {
    Point,
    Circle(f64),
    Square { side: f64 },
}

fn main() {}
