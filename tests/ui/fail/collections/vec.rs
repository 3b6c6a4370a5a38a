// Rule: `Vec` becomes `List`, or `Blob` for bytes

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    samples: Vec<u64>,
    bytes: Vec<u8>,
    names: std::vec::Vec<String>,
}

fn main() {}
