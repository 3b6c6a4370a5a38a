// Rule: a `List` holds less than 2³² items

use shmstate::{List, SharedLayout};

fn main() {
    let _ = List::<u8, 0x1_0000_0000>::LAYOUT;
}
