// Rule: no crate that takes the name of shmstate stands in for the proofs

#![forbid(unsafe_code)]

extern crate self as shmstate;
extern crate self as core;
extern crate shmstate as real;

pub use real::SharedLayout;

pub mod __private {
    pub use real::__private::*;

    pub trait PlainField {}
    impl<T> PlainField for T {}
}

pub mod mem {
    pub const fn needs_drop<T>() -> bool {
        false
    }
}

type Word = &'static str;

#[derive(SharedLayout)]
#[repr(C)]
struct Evil {
    #[shared(pod)]
    word: Word,
}

fn main() {}
