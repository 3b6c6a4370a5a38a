// Rule: locks become what they guard

use shmstate::SharedLayout;
use std::sync::{Mutex, RwLock};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    hits: Mutex<u64>,
    table: RwLock<[u8; 16]>,
}

fn main() {}
