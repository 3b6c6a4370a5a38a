// Rule: what is archived has a size

use shmstate::Archived;

fn main() {
    let _ = Archived::<(), 4>::new();
}
