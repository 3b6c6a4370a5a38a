// Rule: what stands in for a part stands in for it in the message, and what only a type of the user's can stand in for is named

use shmstate::SharedLayout;
use std::collections::{BinaryHeap, HashMap, LinkedList};
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;

#[derive(SharedLayout)]
#[repr(C)]
struct State {
    counters: HashMap<String, AtomicU64>,
    routes: HashMap<(u32, u8), Vec<(u64, u64)>>,
    outcomes: LinkedList<Result<u64, String>>,
    urgent: BinaryHeap<u64>,
    places: Vec<Option<NonZeroU32>>,
    peers: Vec<std::net::SocketAddr>,
}

fn main() {}
