// Rule: an `Archived` has room for the archived type

use shmstate::{Archived, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    config: Archived<[u64; 4], 16>,
}

fn main() {
    let _ = State::new_box_zeroed();
}
