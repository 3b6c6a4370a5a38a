// Rule: a `SortedMap` holds less than 2³² entries

use shmstate::{SharedLayout, SortedMap};

fn main() {
    let _ = SortedMap::<u8, u8, 0x1_0000_0000>::LAYOUT;
}
