//! A region that the first release of the format wrote is read by this one.
//!
//! A change of the format gets a new number and a new golden file; this one stays, to be refused in words then.
//! `SHMSTATE_BLESS=1 cargo test -p shmstate-tests --test format` writes the file of the present format.

use shmstate::{ErrorKind, List, SharedLayout, State, Text};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

#[derive(SharedLayout, Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Mood {
    Calm,
    Wild = 7,
}

#[derive(SharedLayout, Clone, Debug, PartialEq)]
#[repr(C)]
struct Item {
    id: u32,
    price: f32,
    tags: List<u16, 4>,
}

#[derive(SharedLayout)]
#[repr(C)]
struct World {
    ticks: u64,
    name: Text<20>,
    letter: char,
    on: bool,
    mood: Mood,
    _pad: [u8; 2],
    wide: [i64; 2],
    items: List<Item, 3>,
}

fn fill(world: &mut World) {
    world.ticks = 42;
    world.name.set("größer").unwrap();
    world.letter = '🦀';
    world.on = true;
    world.mood = Mood::Wild;
    world.wide = [-1, i64::MAX];
    for id in 0..2 {
        let tags = (0..=id as u16).collect();
        world.items.push(Item { id, price: 0.5 + id as f32, tags }).unwrap();
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/region-1.bin")
}

/// The bytes of the boot id and the checksum, as the format chapter gives them.
fn forget_the_boot(bytes: &mut [u8]) {
    bytes[48..64].fill(0);
    let sum = xxh3_64(&bytes[24..256]);
    bytes[16..24].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn a_region_of_format_1_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("region");
    if std::env::var_os("SHMSTATE_BLESS").is_some() {
        let state = State::<World>::options().copies(2).handles(1).init(fill).create(&path).unwrap();
        state.update(|_| ()).unwrap(); // so that the active copy is not the first
        drop(state);
        let mut bytes = std::fs::read(&path).unwrap();
        forget_the_boot(&mut bytes);
        std::fs::create_dir_all(golden().parent().unwrap()).unwrap();
        // In one step: another test may be reading it.
        let new = golden().with_extension("new");
        std::fs::write(&new, bytes).unwrap();
        std::fs::rename(new, golden()).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::copy(golden(), &path).expect("the golden file");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let state = State::<World>::open(&path).unwrap();
    let mut expected = World::boxed();
    fill(&mut expected);
    let check = |world: &World| {
        assert_eq!((world.ticks, world.letter, world.on, world.mood), (42, '🦀', true, Mood::Wild));
        assert_eq!((&world.name, world.wide), (&expected.name, expected.wide));
        assert_eq!(world.items, expected.items);
    };
    state.read(check).unwrap();
    assert_eq!(state.version(), 1);
    state.update(|_| ()).unwrap();
    state.read(check).unwrap();
}

#[test]
fn another_format_is_refused_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("region");
    let mut bytes = std::fs::read(golden()).unwrap();
    bytes[8..12].copy_from_slice(&2u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let error = State::<World>::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownFormat);
    assert!(error.to_string().contains("format 2"), "{error}");
}
