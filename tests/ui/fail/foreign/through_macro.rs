// Rule: types that come through a macro are looked into

use shmstate::SharedLayout;

macro_rules! state {
    ($name:ident { $($field:ident: $ty:ty,)* }) => {
        #[derive(SharedLayout)]
        #[repr(C)]
        struct $name {
            $($field: $ty,)*
        }
    };
}

state!(State {
    samples: Vec<u64>,
    flag: bool,
});

fn main() {}
