// Rule: a half-written variant is one error, whatever uses the type

use shmstate::{SharedLayout, State};

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Board {
    Idle,
    Run { ticks: },
}

fn _used() {
    let _ = State::<Board>::create("board");
    let _ = Board::new_box_zeroed();
}

fn main() {}
