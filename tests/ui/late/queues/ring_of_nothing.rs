// Rule: the items of a `Ring` have a size

use shmstate::Ring;

fn main() {
    let _ = Ring::<[u8; 0], 4>::new();
}
