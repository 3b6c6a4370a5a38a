// Rule: an `Option` of a `NonZero` can be shared, because its layout is guaranteed

use shmstate::SharedLayout;
use std::num::{NonZero, NonZeroU32, Wrapping};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    next: Option<NonZeroU32>,
    last: Option<NonZero<u32>>,
    by_path: std::option::Option<std::num::NonZero<i64>>,
    count: Wrapping<u64>,
}

fn main() {
    let state = State::new_box_zeroed();
    assert_eq!((state.next, state.last, state.by_path, state.count.0), (None, None, None, 0));
}
