// Rule: a hidden mistake shows once, whatever uses the type

use shmstate::SharedLayout;

use shmstate::List;

type Name = String;

#[derive(SharedLayout)]
#[repr(C)]
struct Inner {
    name: Name,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    inner: Inner,
    all: List<Inner, 4>,
}

fn _used() {
    let state = State::new_box_zeroed();
    let _ = (Inner::LAYOUT, state.all.len());
}

fn main() {}
