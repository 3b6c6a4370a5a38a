// Rule: `Vec` becomes `List`

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    samples: Vec<u64>,
    names: std::vec::Vec<String>,
}

fn main() {}
