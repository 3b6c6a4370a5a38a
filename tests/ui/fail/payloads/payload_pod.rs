// Rule: plain data in a variant is asked for `bytemuck::Pod`

use shmstate::SharedLayout;

struct Point(u64);

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Go(#[shared(pod)] Point),
}

fn main() {}
