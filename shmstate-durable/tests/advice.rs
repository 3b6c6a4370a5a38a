//! What the errors of a durable state say to do can be done, and helps.

use shmstate::{ErrorKind, Map, Migrate, SharedLayout, State};
use shmstate_durable::{DurableState, Error};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
}

mod next {
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub ticks: u64,
        pub misses: u64,
    }
}

struct Fixture {
    dir: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        Fixture { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn open<T: SharedLayout>(&self) -> Result<DurableState<T>, Error> {
        DurableState::open(self.path("board"), self.path("stores"))
    }

    fn migrated(&self) -> Result<DurableState<next::Board>, Error> {
        DurableState::options().migrate(Migrate::Auto).open(self.path("board"), self.path("stores"))
    }

    /// A state whose store has version 1, and which no process uses.
    fn kept() -> Fixture {
        let fixture = Fixture::new();
        fixture.open::<Board>().unwrap().update_durable(|s| s.ticks = 7).unwrap();
        fixture
    }
}

/// The text of an error of that kind, which says nothing that only the user of a `State` can do.
#[track_caller]
fn said<T>(refused: Result<T, Error>, kind: ErrorKind, parts: &[&str]) {
    let Err(Error::State(e)) = refused else { panic!("{:?}", refused.err()) };
    let text = e.to_string();
    assert_eq!(e.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    for part in ["open_or_replace", "  State::<", "`remove` removes", "cargo feature"] {
        assert!(!text.contains(part), "{part:?} is in: {text}");
    }
}

#[test]
fn a_region_of_another_layout_is_carried_over_as_the_error_says() {
    for in_use in [true, false] {
        let fixture = Fixture::new();
        let mut old = fixture.open::<Board>().unwrap();
        old.update_durable(|s| s.ticks = 7).unwrap();
        let old = if in_use {
            Some(&mut old)
        } else {
            drop(old);
            None
        };
        let call = format!(
            "or carry it over:\n  DurableState::<Board>::options().migrate(Migrate::Auto).open({:?}, {:?})",
            fixture.path("board"),
            fixture.path("stores")
        );
        said(fixture.open::<next::Board>(), ErrorKind::LayoutMismatch, &["under another name", &call]);
        let new = fixture.migrated().unwrap();
        new.update_durable(|s| s.misses = 1).unwrap();
        if let Some(old) = old {
            let parts =
                ["under another name", "DurableState::<Board>::options().migrate(Migrate::AllowLoss(&[\"misses\"]"];
            said(old.reopen(), ErrorKind::LayoutMismatch, &parts);
        }
        let aside = DurableState::<Board>::open(fixture.path("aside"), fixture.path("stores")).unwrap();
        assert_eq!((aside.read(|s| s.ticks).unwrap(), new.read(|s| s.ticks).unwrap()), (0, 7));
    }
}

#[test]
fn a_region_that_no_process_can_use_is_restored_as_the_error_says() {
    for (at, kind) in [(8, ErrorKind::UnknownFormat), (40, ErrorKind::Corrupt)] {
        for name in ["board", "board.durable", "board.wanted"] {
            let fixture = Fixture::kept();
            let mut bytes = std::fs::read(fixture.path(name)).unwrap();
            bytes[at] ^= 0x55;
            std::fs::write(fixture.path(name), bytes).unwrap();
            said(fixture.open::<Board>(), kind, &["end the processes", "`shmstate_durable::remove`", name]);
            shmstate_durable::remove(fixture.path("board")).unwrap();
            assert_eq!(fixture.open::<Board>().unwrap().read(|s| s.ticks).unwrap(), 7);
        }
    }
}

/// Some other state has the name of a region by which the processes agree.
#[test]
fn another_name_helps_if_that_of_a_control_region_is_taken() {
    for name in ["board.durable", "board.wanted"] {
        let fixture = Fixture::new();
        let _other = State::<u64>::create(fixture.path(name)).unwrap();
        let parts = ["under another name", "shmstate_durable::remove`, which leaves its store"];
        said(fixture.open::<Board>(), ErrorKind::LayoutMismatch, &parts);
        drop(DurableState::<Board>::open(fixture.path("seats"), fixture.path("stores")).unwrap());
    }
}

#[test]
fn what_lies_beside_a_region_is_removed_without_it() {
    let fixture = Fixture::kept();
    shmstate::remove(fixture.path("board")).unwrap();
    shmstate_durable::remove(fixture.path("board")).unwrap();
    assert!(!fixture.path("board.durable").exists() && !fixture.path("board.wanted").exists());
    let nothing = shmstate_durable::remove(fixture.path("board"));
    said(nothing, ErrorKind::NotFound, &[]);
}

static SALT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// A key that the program hashes by code of its own, which changes.
#[derive(SharedLayout, PartialEq, Eq, Clone, Copy)]
#[repr(C)]
struct Salted(u64);

impl Hash for Salted {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0 ^ SALT.load(std::sync::atomic::Ordering::Relaxed)).hash(state);
    }
}

#[test]
fn keys_that_are_hashed_anew_are_arranged_as_the_error_says() {
    let fixture = Fixture::new();
    let seats = fixture.open::<Map<Salted, u64, 100>>().unwrap();
    seats.update_durable(|s| (0..50).for_each(|n| assert_eq!(s.insert(Salted(n), n).unwrap(), None))).unwrap();
    drop(seats);
    SALT.store(12345, std::sync::atomic::Ordering::Relaxed);
    let parts = ["under another name", "`DurableState::options().migrate(Migrate::Auto)`. A type whose `Hash`"];
    said(fixture.open::<Map<Salted, u64, 100>>(), ErrorKind::LayoutMismatch, &parts);
    let options = DurableState::<Map<Salted, u64, 100>>::options().migrate(Migrate::Auto);
    let seats = options.open(fixture.path("board"), fixture.path("stores")).unwrap();
    assert_eq!(seats.read(|s| s.get(&Salted(7)).copied()).unwrap(), Some(7));
}

#[test]
fn a_region_is_as_large_and_has_as_many_copies_as_the_errors_say() {
    let fixture = Fixture::new();
    let options = || DurableState::<Board>::options().copies(2).max_copies(4).ignore_memory_limits(true);
    let board = options().open(fixture.path("board"), fixture.path("stores")).unwrap();
    board.update_durable(|s| s.ticks = 1).unwrap();
    let why = DurableState::<Board>::options().max_copies(1).open(fixture.path("other"), fixture.path("stores"));
    said(why, ErrorKind::InvalidOption, &["`max_copies(1)`"]);
}
