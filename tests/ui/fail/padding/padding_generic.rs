// Rule: padding in a generic struct is refused where its layout is used

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C)]
struct Tagged<T> {
    tag: u32,
    value: T,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    good: Tagged<u32>,
    bad: Tagged<u64>,
}

fn main() {}
