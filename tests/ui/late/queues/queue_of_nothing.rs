// Rule: the items of a `Queue` have a size

use shmstate::Queue;

fn main() {
    let _ = Queue::<[u8; 0], 4>::new();
}
