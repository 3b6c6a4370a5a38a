// Rule: a pinned offset in a variant holds

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run {
        #[shared(offset = 16)]
        pid: u32,
    },
}

fn main() {}
