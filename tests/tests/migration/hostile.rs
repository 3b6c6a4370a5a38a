//! A migration of what is no value: bytes that a process without the protocol has written while the region is in use, so that no
//! first handle has checked them.

use shmstate::dynamic::{Declaration, DynState, FieldDef, StructDef};
use shmstate::{
    Array, ErrorKind, List, Map, Maybe, Migrate, Queue, Ring, Set, SharedLayout, Slab, SortedMap, State, Text,
};
use shmstate_tests::{Rng, scratch_dir};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The library does not know how it is hashed.
#[derive(SharedLayout, PartialEq, Eq, PartialOrd, Ord, Hash, Clone, Copy)]
#[repr(u8)]
enum Key {
    A,
    B,
    C,
}

macro_rules! state {
    ($name:ident, $number:ty, $float:ty, $n:literal, $($field:ident: $ty:ty),*) => {
        #[derive(SharedLayout)]
        #[repr(C)]
        struct $name {
            numbers: List<$number, $n>,
            texts: List<Text<8>, $n>,
            flags: Array<bool, 8>,
            ring: Ring<$float, $n>,
            queue: Queue<$number, $n>,
            slab: Slab<Text<8>, $n>,
            map: Map<$number, Text<8>, $n>,
            set: Set<Key, $n>,
            keyed: SortedMap<Key, [bool; 8], $n>,
            sorted: SortedMap<$number, List<$number, 2>, $n>,
            maybe: Maybe<f64>,
            $($field: $ty,)*
        }
    };
}

state!(Old, u32, f32, 8, gone: u64);
state!(New, u64, f64, 16, added: u64);

fn fill(s: &mut Old) -> Result<(), shmstate::Error> {
    for n in 0..6u32 {
        s.numbers.push(n)?;
        s.texts.push("text".parse()?)?;
        s.ring.push(1.5);
        s.queue.push_back(n)?;
        let key = s.slab.insert("value".parse()?)?;
        if n % 2 == 0 {
            s.slab.remove(key);
        }
        s.map.insert(n, "entry".parse()?)?;
        s.sorted.insert(n, List::from([n]))?;
    }
    for key in [Key::C, Key::A, Key::B] {
        s.set.insert(key)?;
        s.keyed.insert(key, [true; 8])?;
    }
    s.maybe.insert(2.5);
    Ok(())
}

/// Writes random bytes into every copy of the state.
fn damage(rng: &mut Rng, path: &Path) {
    let file = OpenOptions::new().write(true).read(true).open(path).unwrap();
    let word = |file: &File, at| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).unwrap();
        u64::from_ne_bytes(bytes)
    };
    let (size, images) = (word(&file, 80), word(&file, 160));
    for _ in 0..1 + rng.below(12) {
        let bytes = rng.any().to_ne_bytes();
        let most = if rng.below(4) == 0 { 8 } else { 1 };
        let count = 1 + rng.below(most);
        let at = rng.below((size as usize - count).max(1)) as u64;
        file.write_all_at(&bytes[..count], images + at).unwrap();
    }
}

#[test]
fn any_bytes_become_a_value_or_an_error() {
    let seed = std::env::var("SHMSTATE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(1));
    println!("SHMSTATE_SEED={seed}");
    let (mut rng, dir) = (Rng::new(seed), scratch_dir());
    let (mut values, mut errors) = (0, 0);
    for round in 0..100 {
        let name = dir.path().join("state");
        // Filled before any update, so that the first copy is the active one.
        let old = State::<Old>::options().init(|s| fill(s).unwrap()).create(&name).unwrap();
        damage(&mut rng, &name);
        match State::<New>::options().migrate(Migrate::AllowLoss(&["gone"])).open(&name) {
            Ok(state) => {
                state.snapshot().unwrap_or_else(|e| panic!("round {round}: {e}"));
                values += 1;
            }
            Err(e) => {
                let expected = matches!(e.kind(), ErrorKind::Corrupt | ErrorKind::LayoutMismatch);
                assert!(expected, "round {round}: {e}");
                assert!(old.update(|s| s.numbers.clear()).is_ok(), "the old region is in service");
                errors += 1;
            }
        }
        drop(old);
        shmstate::remove(&name).unwrap();
    }
    assert!(values > 5 && errors > 5, "{values} {errors}");
}

/// A schema of a few kilobytes that describes more bytes than there are addresses.
fn huge() -> String {
    let mut types = Declaration::new();
    let mut ty = types.library("u8", &[], 0).unwrap();
    for i in 0..47 {
        let fields = vec![FieldDef::new("a", ty), FieldDef::new("b", ty)];
        ty = types.structure(StructDef::new(format!("S{i}"), fields)).unwrap();
    }
    let list = types.library("List", &[ty], 1).unwrap();
    types.schema(list).unwrap()
}

#[test]
fn more_than_there_is_memory_for_is_an_error() {
    let (dir, schema) = (scratch_dir(), huge());
    let (file, name) = (dir.path().join("file"), dir.path().join("name"));
    let body = format!("{{\"shmstate_export\":1,\n\"version\":1,\n\"schema\":{schema},\n\"value\":[],\n");
    let sum = xxhash_rust::xxh3::xxh3_64(body.as_bytes());
    std::fs::write(&file, format!("{body}\"checksum\":\"{sum:016x}\"}}\n")).unwrap();
    let error = DynState::options().import(&file, &name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    let error = State::<List<u8, 1>>::options().import(&file, &name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    assert!(!name.exists());

    drop(State::<List<u8, 1>>::create(&name).unwrap());
    let state = DynState::open(&name).unwrap();
    let error = state.migration(&schema).unwrap().apply(&state.snapshot().unwrap(), &[""]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}");
    assert!(error.to_string().contains("no memory for a value of 140737488355392 bytes"), "{error}");
}
