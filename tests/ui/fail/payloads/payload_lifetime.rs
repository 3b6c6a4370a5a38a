// Rule: a lifetime parameter of an enum is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job<'a> {
    Idle,
    Run(&'a str),
}

fn main() {}
