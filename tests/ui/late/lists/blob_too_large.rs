// Rule: a `Blob` holds less than 2³² bytes

use shmstate::{Blob, SharedLayout};

fn main() {
    let _ = Blob::<0x1_0000_0000>::LAYOUT;
}
