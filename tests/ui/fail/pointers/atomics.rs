// Rule: atomics become numbers

use shmstate::SharedLayout;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    hits: AtomicU64,
    size: AtomicUsize,
    ready: AtomicBool,
    head: AtomicPtr<u8>,
}

fn main() {}
