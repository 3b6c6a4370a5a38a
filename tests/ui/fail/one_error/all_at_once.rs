// Rule: all mistakes show at once, and uses of the type add none

use shmstate::SharedLayout;

use shmstate::List;

struct Point;

#[derive(SharedLayout)]
#[shared(version = "two")]
struct Inner {
    name: String,
    #[shared(offest = 8)]
    ticks: usize,
    point: Point,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    all: List<Inner, 4>,
    inner: Inner,
}

fn _used() {
    let state = State::new_box_zeroed();
    let _ = (Inner::LAYOUT, state.all.len());
}

fn main() {}
