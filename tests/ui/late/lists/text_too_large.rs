// Rule: a `Text` holds less than 2³² bytes

use shmstate::{SharedLayout, Text};

fn main() {
    let _ = Text::<0x1_0000_0000>::LAYOUT;
}
