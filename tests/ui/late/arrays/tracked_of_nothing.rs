// Rule: what is `Tracked` has a size

use shmstate::Tracked;

fn main() {
    let _ = Tracked::new([0u8; 0]);
}
