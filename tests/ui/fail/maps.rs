// Rule: maps become `Map` and `SortedMap`

use shmstate::SharedLayout;
use std::collections::{BTreeMap, HashMap};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    prices: HashMap<u32, f64>,
    owners: BTreeMap<u32, String>,
}

fn main() {}
