// Rule: the items of a `List` have a size

use shmstate::List;

fn main() {
    let _ = List::<[u8; 0], 4>::new();
}
