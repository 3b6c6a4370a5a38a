// Rule: `HashMap` becomes `Map`, and `BTreeMap` becomes `SortedMap`

use shmstate::SharedLayout;
use std::collections::{BTreeMap, HashMap};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    prices: HashMap<u32, f64>,
    owners: BTreeMap<u32, String>,
    nested: Vec<HashMap<u32, Option<String>>>,
}

fn main() {}
