// Rule: `Rc` and `Arc` become what they point to

use shmstate::SharedLayout;
use std::{rc::Rc, sync::Arc};

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    local: Rc<u64>,
    shared: Arc<u64>,
}

fn main() {}
