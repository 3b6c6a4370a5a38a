// Rule: no module of the program's own stands in for the proofs

#![forbid(unsafe_code)]
#![allow(unused_imports)]

use shmstate::SharedLayout;

type Word = &'static str; // the derive looks at tokens: an alias is no reference to it

/// The real trait, and what the generated code names besides, as far as it can be made up.
mod fake {
    pub use shmstate::SharedLayout;

    pub mod __private {
        pub use shmstate::__private::*;

        pub trait PlainField {}
        impl<T> PlainField for T {}
    }
}

mod faker {
    pub use shmstate::SharedLayout;

    pub mod __private {
        pub use shmstate::__private::*;
        use std::marker::PhantomData;

        pub struct Builder<S>(pub PhantomData<S>);

        impl<S> Builder<S> {
            pub const fn parts(self) {}
        }

        pub struct Walk<const STEP: u8>;
    }
}

/// The real names, each for something else.
mod mixed {
    pub use shmstate::SharedLayout;

    pub mod __private {
        pub use shmstate::__private::{Builder, Derived, Layout, PlainField, Walk};
        pub use std::primitive::u16 as Step;

        pub mod core {
            pub mod primitive {
                pub use std::primitive::{u16 as u8, u16, u32, u64};
            }
        }
    }
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate::fake")]
struct Evil {
    #[shared(pod)]
    word: Word,
    text: Word,
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate::fake")]
struct Generic<T: Copy + Send + Sync + 'static> {
    #[shared(pod)]
    word: &'static T,
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(crate = "crate::faker")]
struct Built {
    word: u64,
}

#[derive(SharedLayout)]
#[repr(u8)]
#[shared(crate = "crate::mixed")]
enum Tag {
    Idle,
    Run(bool) = 3 + 4,
}

fn main() {}
