// Rule: `VecDeque` becomes `Queue` or `Ring`, and `LinkedList` becomes `List`

use shmstate::SharedLayout;
use std::collections::{LinkedList, VecDeque};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    queue: VecDeque<u32>,
    chain: LinkedList<u32>,
}

fn main() {}
