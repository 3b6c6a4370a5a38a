// Rule: types of the program's own may be called like those of the standard library.

use shmstate::{List, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct Duration {
    nanos: u64,
}

/// A cell of a board, which takes no type argument, unlike `std::cell::Cell`.
#[derive(SharedLayout)]
#[repr(C)]
struct Cell {
    alive: u8,
}

/// With a type argument it needs a path.
#[derive(SharedLayout)]
#[repr(C)]
struct Option<T> {
    value: T,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    took: Duration,
    cells: List<Cell, 64>,
    limit: self::Option<u64>,
}

fn main() {
    let state = State::new_box_zeroed();
    assert_eq!((state.took.nanos, state.cells.len(), state.limit.value), (0, 0, 0));
}
