// Rule: a type that does not exist is one error

use shmstate::{SharedLayout, State};

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    owner: Strng,
    job: Job,
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run(Lst),
}

fn _used() {
    let _ = State::<Board>::create("board");
    let _ = Board::new_box_zeroed();
}

fn main() {}
