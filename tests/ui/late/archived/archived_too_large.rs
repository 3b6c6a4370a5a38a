// Rule: an `Archived` holds less than 2³¹ bytes

use shmstate::{Archived, SharedLayout};

fn main() {
    let _ = Archived::<String, { 1 << 31 }>::LAYOUT;
}
