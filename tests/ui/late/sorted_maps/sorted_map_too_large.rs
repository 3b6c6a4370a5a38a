// Rule: a `SortedMap` holds at most 2²⁷ entries

use shmstate::{SharedLayout, SortedMap};

fn main() {
    let _ = SortedMap::<u8, u8, 0x1_0000_0000>::LAYOUT;
}
