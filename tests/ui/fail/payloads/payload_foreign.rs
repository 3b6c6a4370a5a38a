// Rule: what a payload holds has to be shareable

use shmstate::SharedLayout;

struct Point;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Go(Point),
}

fn main() {}
