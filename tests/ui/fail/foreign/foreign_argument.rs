// Rule: a type argument that is not shareable is refused where it is given

use shmstate::SharedLayout;
use std::time::Duration;

#[derive(SharedLayout)]
#[repr(C)]
struct Wrapped<T> {
    value: T,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    value: Wrapped<Duration>,
}

fn main() {}
