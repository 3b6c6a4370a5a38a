// Rule: a field of a variant is not local

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run {
        #[shared(local)]
        steps: u64,
    },
}

fn main() {}
