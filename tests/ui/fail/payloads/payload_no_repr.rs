// Rule: an enum with a payload needs a type for its discriminant

use shmstate::SharedLayout;

#[derive(SharedLayout)]
enum Shape {
    Point,
    Circle(f64),
}

#[derive(SharedLayout)]
#[repr(C)]
enum Way {
    None,
    Line { length: f64 },
}

fn main() {}
