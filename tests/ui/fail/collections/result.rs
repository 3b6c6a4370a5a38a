// Rule: `Result` becomes an enum of the program's own

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    last: Result<u64, u8>,
}

fn main() {}
