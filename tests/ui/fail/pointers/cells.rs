// Rule: interior mutability is refused

use shmstate::SharedLayout;
use std::cell::{Cell, OnceCell, RefCell, UnsafeCell};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    a: Cell<u64>,
    b: RefCell<u64>,
    c: UnsafeCell<u64>,
    d: OnceCell<u64>,
}

fn main() {}
