// Rule: the items of a `Slab` have a size

use shmstate::Slab;

fn main() {
    let _ = Slab::<[u8; 0], 4>::new();
}
