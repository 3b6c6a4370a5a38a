use shmstate::{Key, Map, Maybe, Set, SharedLayout, Slab, Text, Tracked};
use std::num::NonZero;

#[derive(SharedLayout)]
#[repr(C)]
#[shared(rename = "u64")]
struct _u64 {
    low: u32,
    high: u32,
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(rename = "Map")]
struct _Map {
    keys: u64,
    values: u64,
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(rename = "Tracked")]
struct _Tracked {
    value: u64,
}

#[derive(SharedLayout, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
#[shared(rename = "Option")]
enum _Option {
    None = 0,
    Some = 1,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Table {
    rows: u64,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Place {
    column: u64,
}

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    list: u64,
}

#[derive(SharedLayout)]
#[repr(C)]
#[shared(rename = "Result")]
struct _Result {
    word: _u64,
    map: _Map,
    tracked: _Tracked,
    next: Option<NonZero<u64>>,
    options: Set<_Option, 4>,
    table: Table,
    place: Place,
    state: State,
    slab: Slab<u64, 2>,
    ports: Map<Text<8>, u64, 4>,
    best: Maybe<u64>,
    value: Tracked<u64>,
    key: Key<u8>,
}
