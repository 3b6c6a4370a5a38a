// Rule: what is archived derives `rkyv::Archive`

use shmstate::{Archived, SharedLayout};

struct Config {
    name: String,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    config: Archived<Config, 4096>,
}

fn main() {}
