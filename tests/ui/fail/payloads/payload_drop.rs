// Rule: an enum with a payload that implements `Drop` is refused

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run(u64),
}

impl Drop for Job {
    fn drop(&mut self) {}
}

fn main() {}
