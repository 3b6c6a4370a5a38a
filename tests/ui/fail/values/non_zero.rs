// Rule: `NonZero` types have no zeroed value

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    id: std::num::NonZeroU32,
    key: std::num::NonZero<u64>,
}

fn main() {}
