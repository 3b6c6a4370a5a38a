// Rule: `Box<T>` becomes `T`, or `Tracked<T>`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    ticks: Box<u64>,
    samples: Box<[f32]>,
}

fn main() {}
