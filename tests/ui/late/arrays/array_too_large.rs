// Rule: an `Array` holds less than 2³² items

use shmstate::{Array, SharedLayout};

fn main() {
    let _ = Array::<u8, 0x1_0000_0000>::LAYOUT;
}
