// Rule: the values of a `Set` have a size

use shmstate::Set;

fn main() {
    let _ = Set::<[u8; 0], 4>::new();
}
