// Rule: a `Slab` holds less than 2³² values

use shmstate::{Slab, SharedLayout};

fn main() {
    let _ = Slab::<u8, 0x1_0000_0000>::LAYOUT;
}
