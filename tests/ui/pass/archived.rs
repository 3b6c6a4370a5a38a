// Rule: what is archived may hold what cannot be shared itself

use shmstate::{Archived, List, SharedLayout};
use std::collections::HashMap;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    names: Archived<Vec<Option<String>>, 1024>,
    limits: List<Archived<HashMap<String, (u32, f64)>, 256>, 4>,
}

fn main() {
    let mut state = State::new_box_zeroed();
    state.names.set(&vec![None, Some("name".to_owned())]).unwrap();
    assert_eq!(state.names.get().unwrap()[1].as_ref().unwrap(), "name");
    assert!(state.limits.is_empty());
}
