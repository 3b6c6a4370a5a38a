// Rule: what a payload holds is looked into

use shmstate::SharedLayout;

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run(String, Vec<u64>),
    Wait { until: std::time::Instant },
}

fn main() {}
