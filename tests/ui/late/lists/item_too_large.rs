// Rule: an item of a container is less than 2³² bytes large

use shmstate::{Array, List, Map, Queue, Ring, Set, SharedLayout, Slab, SortedMap, Tracked};

type Huge = [u8; 1 << 32];

fn main() {
    let _ = List::<Huge, 1>::LAYOUT;
    let _ = Array::<Huge, 1>::LAYOUT;
    let _ = Ring::<Huge, 1>::LAYOUT;
    let _ = Queue::<Huge, 1>::LAYOUT;
    let _ = Slab::<Huge, 1>::LAYOUT;
    let _ = Map::<Huge, u8, 1>::LAYOUT;
    let _ = Map::<u8, Huge, 1>::LAYOUT;
    let _ = Set::<Huge, 1>::LAYOUT;
    let _ = SortedMap::<Huge, u8, 1>::LAYOUT;
    let _ = SortedMap::<u8, Huge, 1>::LAYOUT;
    let _ = Tracked::<Huge>::LAYOUT;
}
