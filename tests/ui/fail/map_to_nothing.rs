// Rule: a `Map` has values

use shmstate::Map;

fn main() {
    let _ = Map::<u64, [u8; 0], 8>::new();
}
