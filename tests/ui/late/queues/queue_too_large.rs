// Rule: a `Queue` holds less than 2³² items

use shmstate::{Queue, SharedLayout};

fn main() {
    let _ = Queue::<u8, 0x1_0000_0000>::LAYOUT;
}
