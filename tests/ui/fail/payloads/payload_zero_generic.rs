// Rule: the variant of value 0 of a generic enum has no fields, either

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Slot<T> {
    Free = 1,
    Used(T) = 0,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    slot: Slot<u64>,
}

fn main() {}
