// Rule: a field of a variant has no initial value

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run {
        #[shared(init = 7)]
        pid: u64,
    },
}

fn main() {}
