// Rule: the keys of a `Map` are `Hash + Eq`

use shmstate::{Map, SharedLayout};

#[derive(SharedLayout, PartialEq, Eq)]
#[repr(C)]
struct Symbol {
    letters: [u8; 8],
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    prices: Map<Symbol, u64, 8>,
}

fn main() {}
