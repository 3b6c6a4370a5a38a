// Rule: a `Maybe` has a value

use shmstate::Maybe;

fn main() {
    let _ = Maybe::<[u8; 0]>::none();
}
