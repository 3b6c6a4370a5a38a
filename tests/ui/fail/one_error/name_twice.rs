// Rule: two fields or variants of one name are one error

use shmstate::{SharedLayout, State};

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    owner: [u8; 128],
    ticks: u64,
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run(u64),
    Run(u64),
}

fn _used() {
    let _ = State::<Board>::create("board");
    let _ = Board::new_box_zeroed();
}

fn main() {}
