// Rule: type arguments are looked into

use shmstate::{List, SharedLayout};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    names: List<String, 4>,
    index: [[usize; 3]; 2],
    both: List<Option<u8>, 2>,
}

fn main() {}
