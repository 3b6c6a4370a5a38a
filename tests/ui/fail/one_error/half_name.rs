// Rule: a field that ends after its name is one error, whatever uses the type

use shmstate::{SharedLayout, State};

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    owner
}

fn _used() {
    let _ = State::<Board>::create("board");
    let _ = Board::new_box_zeroed();
}

fn main() {}
