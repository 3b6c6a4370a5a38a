//! A region that the first release of the format wrote is read by this one.
//!
//! A change of the format gets a new number and a new golden file; this one stays, to be refused in words then.
//! The reader in the format chapter, which is written in Python, reads it as well, and a region that is written meanwhile.
//!
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
    let mut expected = World::new_box_zeroed();
    fill(&mut expected);
    let check = |world: &World| {
        assert_eq!((world.ticks, world.letter, world.on, world.mood), (42, '🦀', true, Mood::Wild));
        assert_eq!((&world.name, world.wide), (&expected.name, expected.wide));
        assert_eq!(world.items, expected.items);
    };
    state.read(check).unwrap();
    assert_eq!(state.version().unwrap(), 1);
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

/// What the program in the format chapter prints of a region; nothing where there is no Python 3.10.
fn as_python_reads_it(path: &Path) -> Option<serde_json::Value> {
    let chapter = include_str!("../../../shmstate/docs/format.md");
    let program = chapter.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let python = |args: &[&str]| std::process::Command::new("python3").args(args).output();
    let new = "import sys; sys.exit(sys.version_info < (3, 10))";
    if !python(&["-c", new]).is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no Python 3.10 here");
        return None;
    }
    let output = python(&["-c", program, path.to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_chapter_suffices_for_a_reader_in_another_language() {
    let Some(golden) = as_python_reads_it(&golden()) else { return };
    let expected = serde_json::json!({
        "ticks": 42, "name": "größer", "letter": "🦀", "on": true, "mood": { "Wild": {} }, "_pad": [0, 0],
        "wide": [-1, i64::MAX],
        "items": [{ "id": 0, "price": 0.5, "tags": [0] }, { "id": 1, "price": 1.5, "tags": [0, 1] }],
    });
    assert_eq!(golden, expected);

    /// The same number everywhere, in each version.
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Live {
        first: u64,
        list: List<u64, 2000>,
        last: u64,
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("live");
    let state = State::<Live>::create(&path).unwrap();
    let write = |n| {
        let updated = state.update(|live| {
            (live.first, live.last) = (n, n);
            live.list.clear();
            live.list.extend((0..2000).map(|_| n));
        });
        updated.unwrap();
        // A writer without a pause would make the reader begin anew again and again.
        std::thread::sleep(std::time::Duration::from_micros(200));
    };
    write(0);
    let reading = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        scope.spawn(|| (1..).take_while(|_| reading.load(std::sync::atomic::Ordering::Relaxed)).for_each(write));
        let found: Vec<_> = (0..4).filter_map(|_| as_python_reads_it(&path)).collect();
        reading.store(false, std::sync::atomic::Ordering::Relaxed);
        for live in found {
            let list = live["list"].as_array().unwrap();
            assert!(list.len() == 2000 && list.iter().all(|n| *n == live["first"]) && live["last"] == live["first"]);
        }
    });
}
