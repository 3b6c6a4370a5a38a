// Rule: `#[shared(pod)]` asks for `bytemuck::Pod`

use shmstate::SharedLayout;

#[derive(Clone, Copy)]
struct Point {
    x: f64,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    #[shared(pod)]
    point: Point,
    #[shared(pod)]
    more: [Point; 2],
}

fn main() {}
