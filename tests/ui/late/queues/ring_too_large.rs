// Rule: a `Ring` holds less than 2³² items

use shmstate::{Ring, SharedLayout};

fn main() {
    let _ = Ring::<u8, 0x1_0000_0000>::LAYOUT;
}
