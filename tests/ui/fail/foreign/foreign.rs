// Rule: a type that does not derive the trait is refused

use shmstate::SharedLayout;

struct Point {
    x: f64,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    point: Point,
}

fn main() {}
