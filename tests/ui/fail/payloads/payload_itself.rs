// Rule: an enum cannot contain itself

use shmstate::{List, SharedLayout};

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Tree {
    Leaf,
    Node(List<Tree, 2>),
}

fn main() {}
