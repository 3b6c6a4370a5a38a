// Rule: the items of an `Array` have a size

use shmstate::{Array, SharedLayout};

fn main() {
    let _ = Array::<[u8; 0], 4>::LAYOUT;
}
