// Rule: a struct cannot contain itself

use shmstate::SharedLayout;

use shmstate::List;

#[derive(SharedLayout)]
#[repr(C)]
struct Node {
    value: u64,
    children: List<Node, 2>,
}

fn main() {}
