// Rule: a `Maybe` has a value

use shmstate::Maybe;

fn main() {
    let _ = Maybe::<shmstate::Pod<()>>::none();
}
