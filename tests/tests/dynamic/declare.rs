//! Types that no Rust program declares: their layout is the one that the derive and the compiler give to the same types.

#![allow(clippy::large_enum_variant)]

use shmstate::dynamic::{Declaration, DynState, FieldDef, StructDef, TypeId, VariantDef};
use shmstate::{
    Array, Blob, Error, ErrorKind, IpAddress, Key, List, Map, Maybe, Queue, Ring, Set, SharedLayout, Slab,
    SocketAddress, SortedMap, State, Text, TimeSpan, Timestamp, Tracked, Uuid,
};
use shmstate_tests::scratch_dir;
use std::cell::Cell;
use std::num::{NonZero, Saturating, Wrapping};

/// The schema of the type.
fn schema_of<T: SharedLayout>() -> String {
    let dir = scratch_dir();
    let name = dir.path().join("state");
    let _state = State::<T>::options().ignore_memory_limits(true).create(&name).unwrap();
    DynState::open(&name).unwrap().schema()
}

#[track_caller]
fn same<T: SharedLayout>(declare: impl FnOnce(&mut Declaration) -> Result<TypeId, Error>) {
    let mut types = Declaration::new();
    let root = declare(&mut types).unwrap();
    assert_eq!(types.schema(root).unwrap(), schema_of::<T>());
}

/// The document without its documentation, which makes no difference.
fn identity(document: &str) -> &str {
    document.split(r#","docs":["#).next().unwrap()
}

/// A type of the library, with numbers in its `<…>`.
#[track_caller]
fn library<T: SharedLayout>(name: &str, numbers: &[&str], count: usize) {
    let mut types = Declaration::new();
    let numbers: Vec<_> = numbers.iter().map(|number| types.library(number, &[], 0).unwrap()).collect();
    let root = types.library(name, &numbers, count).unwrap();
    assert_eq!(identity(&types.schema(root).unwrap()), identity(&schema_of::<T>()));
}

#[test]
fn numbers() {
    macro_rules! numbers {
        ($($ty:ident)*) => { $(library::<$ty>(stringify!($ty), &[], 0);)* };
    }
    numbers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 bool char);
    macro_rules! options {
        ($($ty:ident)*) => { $(library::<Option<NonZero<$ty>>>(concat!("Option<NonZero<", stringify!($ty), ">>"), &[], 0);)* };
    }
    options!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);
    library::<Wrapping<u32>>("Wrapping", &["u32"], 0);
    library::<Saturating<i64>>("Saturating", &["i64"], 0);
}

#[test]
fn containers_of_items_of_every_alignment() {
    macro_rules! of {
        ($($ty:ident)*) => {$(
            library::<[$ty; 3]>("array", &[stringify!($ty)], 3);
            library::<Array<$ty, 3>>("Array", &[stringify!($ty)], 3);
            library::<List<$ty, 5>>("List", &[stringify!($ty)], 5);
            library::<Ring<$ty, 5>>("Ring", &[stringify!($ty)], 5);
            library::<Queue<$ty, 5>>("Queue", &[stringify!($ty)], 5);
            library::<Slab<$ty, 5>>("Slab", &[stringify!($ty)], 5);
            library::<Set<$ty, 5>>("Set", &[stringify!($ty)], 5);
            library::<Map<$ty, u16, 5>>("Map", &[stringify!($ty), "u16"], 5);
            library::<SortedMap<u16, $ty, 5>>("SortedMap", &["u16", stringify!($ty)], 5);
            library::<Maybe<$ty>>("Maybe", &[stringify!($ty)], 0);
            library::<Tracked<$ty>>("Tracked", &[stringify!($ty)], 0);
        )*};
    }
    of!(u8 u16 u32 u64 u128 bool char);
    macro_rules! sized {
        ($($n:literal)*) => {$(
            library::<Text<$n>>("Text", &[], $n);
            library::<Blob<$n>>("Blob", &[], $n);
            library::<List<u8, $n>>("List", &["u8"], $n);
            library::<SortedMap<u64, u64, $n>>("SortedMap", &["u64", "u64"], $n);
        )*};
    }
    sized!(1 7 8 9 63 64 65 1000);
}

#[test]
fn plain_types() {
    library::<Key<u64>>("Key", &[], 0);
    library::<TimeSpan>("TimeSpan", &[], 0);
    library::<Timestamp>("Timestamp", &[], 0);
    library::<IpAddress>("IpAddress", &[], 0);
    library::<SocketAddress>("SocketAddress", &[], 0);
    library::<Uuid>("Uuid", &[], 0);
}

/// A room.
#[derive(SharedLayout)]
#[repr(C)]
#[shared(version = 3)]
struct Room {
    /// What is on the door.
    name: Text<16>,
    seats: u64,
}

/// Two of a kind.
#[derive(SharedLayout)]
#[repr(C)]
struct Pair<T, const N: usize>(T, [T; N]);

#[derive(SharedLayout)]
#[repr(u16)]
enum Phase {
    Idle,
    /// Busy.
    Running = 7,
}

#[derive(SharedLayout)]
#[repr(C, u64)]
enum Task {
    Nothing,
    Copy {
        /// The source.
        from: Text<24>,
        to: Room,
    },
    Sum(List<f64, 100>),
}

#[derive(SharedLayout)]
#[repr(u8)]
enum Small {
    Nothing,
    One { a: u8, b: [u8; 4] },
    Wide([u8; 3]),
}

#[derive(SharedLayout)]
#[repr(C)]
struct House {
    rooms: List<Room, 8>,
    pair: Pair<u32, 3>,
    task: Task,
    by_name: Map<Text<8>, Room, 4>,
    small: Small,
    phase: Phase,
    raw: [u8; 8],
    again: Room,
}

/// Declares the same house.
fn house(types: &mut Declaration) -> Result<TypeId, Error> {
    let number = types.library("u64", &[], 0)?;
    let name = types.library("Text", &[], 16)?;
    let fields = vec![FieldDef::new("name", name).docs("What is on the door."), FieldDef::new("seats", number)];
    let room = types.structure(StructDef::new("Room", fields).version(3).docs("A room."))?;
    let rooms = types.library("List", &[room], 8)?;

    let (word, byte, float) =
        (types.library("u32", &[], 0)?, types.library("u8", &[], 0)?, types.library("f64", &[], 0)?);
    let three = types.library("array", &[word], 3)?;
    let fields = vec![FieldDef::new("0", word), FieldDef::new("1", three)];
    let pair = StructDef::new("Pair", fields).docs("Two of a kind.").argument(word).constant(3);
    let pair = types.structure(pair)?;

    let (from, sum) = (types.library("Text", &[], 24)?, types.library("List", &[float], 100)?);
    let copy = vec![FieldDef::new("from", from).docs("The source."), FieldDef::new("to", room)];
    let variants = vec![
        VariantDef::new("Nothing", 0, vec![]),
        VariantDef::new("Copy", 1, copy),
        VariantDef::new("Sum", 2, vec![FieldDef::new("0", sum)]),
    ];
    let task = types.enumeration("Task", "", "u64", true, variants)?;

    let key = types.library("Text", &[], 8)?;
    let by_name = types.library("Map", &[key, room], 4)?;
    let (four, few) = (types.library("array", &[byte], 4)?, types.library("array", &[byte], 3)?);
    let variants = vec![
        VariantDef::new("Nothing", 0, vec![]),
        VariantDef::new("One", 1, vec![FieldDef::new("a", byte), FieldDef::new("b", four)]),
        VariantDef::new("Wide", 2, vec![FieldDef::new("0", few)]),
    ];
    let small = types.enumeration("Small", "", "u8", false, variants)?;
    let variants = vec![VariantDef::new("Idle", 0, vec![]), VariantDef::new("Running", 7, vec![]).docs("Busy.")];
    let phase = types.enumeration("Phase", "", "u16", false, variants)?;
    let raw = types.library("array", &[byte], 8)?;
    let fields = vec![
        FieldDef::new("rooms", rooms),
        FieldDef::new("pair", pair),
        FieldDef::new("task", task),
        FieldDef::new("by_name", by_name),
        FieldDef::new("small", small),
        FieldDef::new("phase", phase),
        FieldDef::new("raw", raw),
        FieldDef::new("again", room),
    ];
    types.structure(StructDef::new("House", fields))
}

#[test]
fn structs_and_enums() {
    same::<House>(house);
}

#[test]
fn what_was_declared_is_opened_by_the_derive() {
    let mut types = Declaration::new();
    let root = house(&mut types).unwrap();
    let (schema, indices) = types.schema_with_indices(root).unwrap();
    let dir = scratch_dir();
    let name = dir.path().join("house");
    let set = |v: &mut shmstate::dynamic::Edit<'_>| v.set_json("pair", "[5, [6, 7, 8]]");
    let made = DynState::options().open_or_create_from_schema(&name, &schema, set).unwrap();
    let root = indices.iter().flatten().max().copied();
    assert_eq!(made.read(|v| v.type_index()).unwrap(), root.unwrap(), "the state's own type is the last one");
    let typed = State::<House>::open(&name).unwrap();
    assert_eq!(typed.read(|s| (s.pair.0, s.pair.1)).unwrap(), (5, [6, 7, 8]));
    let again = DynState::options().open_or_create_from_schema(&name, &schema, |_| panic!("it is there")).unwrap();
    assert_eq!(again.to_json("pair").unwrap(), "[5,[6,7,8]]");

    // Another type, and an `init` that fails.
    let other = types.library("u64", &[], 0).unwrap();
    let other = types.schema(other).unwrap();
    let refused = DynState::options().open_or_create_from_schema(&name, &other, |_| Ok(())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LayoutMismatch);
    assert!(refused.to_string().contains("the program's type `u64`"), "{refused}");
    let none = dir.path().join("none");
    let failed = DynState::options().create_from_schema_with(&none, &other, |v| v.set("", -1i8)).unwrap_err();
    assert_eq!((failed.kind(), none.exists()), (ErrorKind::InvalidValue, false));

    // Nor is one that did not find something taken for a region that cannot be opened.
    let calls = Cell::new(0);
    let not_there = |_: &mut shmstate::dynamic::Edit<'_>| {
        calls.set(calls.get() + 1);
        DynState::open(dir.path().join("not there")).map(drop)
    };
    let failed = DynState::options().create_from_schema_with(&none, &other, not_there).unwrap_err();
    assert_eq!((failed.kind(), none.exists(), calls.get()), (ErrorKind::NotFound, false, 1));
}

/// A type that cannot be declared, or a schema that cannot be made.
#[track_caller]
fn refused(declare: impl FnOnce(&mut Declaration) -> Result<TypeId, Error>, message: &str) {
    let mut types = Declaration::new();
    let error = declare(&mut types).and_then(|root| types.schema(root)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn what_the_derive_refuses_is_refused() {
    let two = |types: &mut Declaration, first: &str, second: &str| {
        let fields = [first, second].map(|ty| FieldDef::new(ty, types.library(ty, &[], 0).unwrap()));
        types.structure(StructDef::new("Two", fields.into()))
    };
    refused(|types| two(types, "u8", "u64"), "`Two` has 7 bytes of padding before the field `u64`");
    refused(|types| two(types, "u64", "u8"), "`Two` has 7 bytes of padding after the last field");
    refused(|types| types.structure(StructDef::new("None", vec![])), "no fields");
    refused(|types| types.library("Vec", &[], 0), "`Vec`");
    refused(|types| types.library("Option<NonZero<f64>>", &[], 0), "integers only");
    refused(|types| types.library("Map", &[], 4), "`Map` with 0 types");
    for container in ["Set", "SortedMap", "Map"] {
        let float_key = |types: &mut Declaration| {
            let parts = [types.library("f64", &[], 0)?, types.library("u8", &[], 0)?];
            types.library(container, if container == "Set" { &parts[..1] } else { &parts }, 4)
        };
        refused(float_key, "`f64` cannot be a key");
    }
    refused(|types| types.pod("Odd", 3, 2), "`Odd`");
    refused(
        |types| types.enumeration("E", "", "u8", false, vec![VariantDef::new("A", 1, vec![])]),
        "no variant of value 0",
    );
    for (repr, bits) in [("u8", 8), ("u16", 16), ("u32", 32)] {
        let with = |types: &mut Declaration, value: u64| {
            let variants = vec![VariantDef::new("A", 0, vec![]), VariantDef::new("B", value, vec![])];
            types.enumeration("E", "", repr, false, variants)
        };
        for value in [1 << bits, 300 << bits >> 8, u64::MAX] {
            refused(
                |types| with(types, value),
                &format!("the variant `B` of `E` has the value {value}, which no `{repr}` holds"),
            );
        }
        let mut types = Declaration::new();
        let most = with(&mut types, (1 << bits) - 1).unwrap();
        types.schema(most).unwrap();
    }
    let payload = |types: &mut Declaration, repr: &str, c: bool| {
        let field = FieldDef::new("n", types.library("u64", &[], 0).unwrap());
        let variants = vec![VariantDef::new("A", 0, vec![]), VariantDef::new("B", 1, vec![field])];
        types.enumeration("E", "", repr, c, variants)
    };
    refused(|types| payload(types, "u8", true), "`E` has 7 bytes of padding after the discriminant");
    refused(|types| payload(types, "u8", false), "`E::B` has 7 bytes of padding before the field `n`");
    let huge = |types: &mut Declaration| {
        let byte = types.library("u8", &[], 0)?;
        types.library("List", &[byte], usize::MAX)
    };
    refused(huge, "more than a state can hold");
}

#[test]
fn what_no_state_can_be_is_an_error() {
    for size in [usize::MAX, usize::MAX - 8, 1 << 49] {
        refused(|types| types.library("Text", &[], size), "`Text` is larger than a state can be");
        refused(|types| types.library("Blob", &[], size), "more than a state can hold");
        refused(|types| types.pod("Bytes", size, 1), "`Bytes` is larger than a state can be");
        for name in ["Array", "List", "Ring", "Queue", "Slab", "Set", "Map", "SortedMap"] {
            let container = |types: &mut Declaration| {
                let byte = types.library("u8", &[], 0)?;
                let parts = [byte, byte];
                types.library(name, if name.contains("Map") { &parts } else { &parts[..1] }, size)
            };
            refused(container, "more than a state can hold");
        }
    }

    // A type that the declaration does not have, or does not have yet: the one that it is an argument of.
    let other = |n: usize| {
        let mut types = Declaration::new();
        (0..n).map(|_| types.library("u64", &[], 0).unwrap()).last().unwrap()
    };
    for n in [2, 9] {
        let with = |types: &mut Declaration| {
            let field = FieldDef::new("a", types.library("u64", &[], 0)?);
            types.structure(StructDef::new("S", vec![field]).argument(other(n)))
        };
        refused(with, "a type of another declaration");
        refused(
            |types| types.structure(StructDef::new("S", vec![FieldDef::new("a", other(n))])),
            "another declaration",
        );
        refused(|types| types.library("Maybe", &[other(n)], 0), "another declaration");
        refused(|_| Ok(other(n)), "another declaration");
    }

    let nested = |types: &mut Declaration, count: usize| {
        let mut ty = types.library("u8", &[], 0)?;
        for _ in 0..count {
            ty = types.library("array", &[ty], 1)?;
        }
        Ok(ty)
    };
    for count in [64, 200_000] {
        refused(|types| nested(types, count), "`array` is nested more than 64 deep");
    }
    let mut types = Declaration::new();
    let ty = nested(&mut types, 63).unwrap();
    types.schema(ty).unwrap();
}
