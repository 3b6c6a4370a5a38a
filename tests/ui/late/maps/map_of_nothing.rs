// Rule: the keys and values of a `Map` have a size

use shmstate::Map;

fn main() {
    let _ = Map::<[u8; 0], u8, 4>::new();
    let _ = Map::<u8, [u8; 0], 4>::new();
}
