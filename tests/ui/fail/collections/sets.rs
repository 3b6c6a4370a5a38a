// Rule: sets become `Set`

use shmstate::SharedLayout;
use std::collections::{BTreeSet, HashSet};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    seen: HashSet<u32>,
    open: BTreeSet<u32>,
}

fn main() {}
