// Rule: `Result` becomes a field for each case

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    last: Result<u64, u8>,
}

fn main() {}
