// Rule: types that come through a macro are asked for their traits

use shmstate::SharedLayout;

type Name = String;

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
    flag: u8,
    name: Name,
});

fn main() {}
