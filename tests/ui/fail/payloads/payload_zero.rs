// Rule: the variant of value 0 has no fields

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Shape {
    Circle(f64),
    Point,
}

fn main() {}
