// Rule: a `Set` holds at most 2³¹ values

use shmstate::{Set, SharedLayout};

fn main() {
    let _ = Set::<u8, { (1 << 31) + 1 }>::LAYOUT;
}
