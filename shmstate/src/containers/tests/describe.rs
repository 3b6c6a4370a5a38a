//! What containers that are made of others say of their layout, as the format chapter does.

use crate::layout::Schema;
use crate::{
    Array, Blob, Key, Kind, Layout, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab, SortedMap, Text, Tracked,
};

fn fields<T: SharedLayout>() -> (&'static str, usize, usize, Vec<(&'static str, usize)>) {
    let Layout { name, size, align, kind: Kind::Struct(fields), .. } = *T::LAYOUT else { panic!("no struct") };
    (name, size, align, fields.iter().map(|field| (field.name, field.offset)).collect())
}

#[test]
fn each_part_lies_at_its_alignment() {
    let words = |a, b, rest: &[(&'static str, usize)]| [&[(a, 0), (b, 4)], rest].concat();
    assert_eq!(fields::<Ring<u64, 4>>(), ("Ring", 104, 8, words("start", "reserved", &[("list", 8)])));
    assert_eq!(fields::<Ring<u128, 4>>(), ("Ring", 144, 16, words("start", "reserved", &[("list", 16)])));
    assert_eq!(fields::<Queue<u8, 3>>(), ("Queue", 80, 8, words("start", "count", &[("slots", 8)])));
    let lists = [("places", 8), ("values", 104)];
    assert_eq!(fields::<Slab<u64, 4>>(), ("Slab", 200, 8, words("count", "vacant", &lists)));
    let lists = [("places", 8), ("values", 112)];
    assert_eq!(fields::<Slab<u128, 4>>(), ("Slab", 240, 16, words("count", "vacant", &lists)));
    assert_eq!(fields::<Key<u128>>(), ("Key", 8, 4, words("place", "generation", &[])));
    assert_eq!(fields::<Blob<5>>(), ("Blob", 16, 8, words("len", "reserved", &[("bytes", 8)])));
    assert_eq!(fields::<Maybe<u32>>(), ("Maybe", 8, 4, vec![("some", 0), ("value", 4)]));
    assert_eq!(fields::<Tracked<[u8; 3]>>(), ("Tracked", 72, 8, vec![("value", 0)]));
    assert_eq!(fields::<Array<u8, 3>>(), ("Array", 72, 8, vec![("items", 64)]));
    assert_eq!(fields::<Set<u16, 3>>(), ("Set", 200, 8, vec![("table", 0), ("keys", 128)]));
    let Kind::Struct(parts) = Set::<u16, 3>::LAYOUT.kind else { unreachable!() };
    let Kind::Struct(words) = parts[0].layout.kind else { unreachable!() };
    assert_eq!(
        words.iter().map(|field| (field.name, field.offset)).collect::<Vec<_>>(),
        [("seed", 0), ("buckets", 16)]
    );
    assert_eq!(fields::<Map<u64, u64, 3>>(), ("Map", 304, 8, vec![("keys", 0), ("values", 216)]));
    assert_eq!(fields::<Map<u64, u128, 3>>(), ("Map", 336, 16, vec![("keys", 0), ("values", 224)]));
    let parts = vec![("count", 0), ("used", 4), ("leaves", 8), ("keys", 88), ("values", 160)];
    assert_eq!(fields::<SortedMap<u8, u128, 3>>(), ("SortedMap", 320, 16, parts));
}

#[test]
fn differences_name_the_part() {
    fn differences<A: SharedLayout, B: SharedLayout>() -> Vec<String> {
        let (file, program) = (Schema::of(A::LAYOUT), Schema::of(B::LAYOUT));
        Schema::from_document(file.document().as_bytes()).unwrap().differences(&program)
    }
    assert_eq!(differences::<Slab<Maybe<u64>, 4>, Slab<Maybe<u64>, 4>>(), [""; 0]);
    let capacity = "Ring.list: the file has capacity 4, the program has capacity 8";
    assert_eq!(differences::<Ring<u64, 4>, Ring<u64, 8>>(), [capacity]);
    let item = "Queue.slots.items[..].value: the file has `u32`, the program has `u64`";
    assert!(differences::<Queue<Maybe<u32>, 4>, Queue<Maybe<u64>, 4>>().iter().any(|line| line == item));
    let key = "Map.keys.keys[..]: the file has capacity 8, the program has capacity 9";
    let moved = "Map.values: the file has offset 272, the program has offset 304";
    assert_eq!(differences::<Map<Text<8>, u8, 4>, Map<Text<9>, u8, 4>>(), [key, moved]);
    let kind = "Ring: the file has `Ring`, the program has `List<u64, 4>`";
    assert!(differences::<Ring<u64, 4>, List<u64, 4>>().iter().any(|line| line.replace("List: ", "Ring: ") == kind));
}
