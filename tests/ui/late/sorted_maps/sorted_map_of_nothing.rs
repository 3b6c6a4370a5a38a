// Rule: the keys and values of a `SortedMap` have a size

use shmstate::SortedMap;

fn main() {
    let _ = SortedMap::<[u8; 0], u8, 4>::new();
    let _ = SortedMap::<u8, [u8; 0], 4>::new();
}
