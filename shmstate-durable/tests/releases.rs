//! Processes of two releases, whose layouts differ, share a state and its store.

use shmstate::{ErrorKind, Migrate, SharedLayout, State};
use shmstate_durable::{DurableState, Error};
use std::path::PathBuf;
use std::time::Duration;

/// For what has to come.
const PATIENCE: Duration = Duration::from_secs(30);

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

    /// Opens the state as a process of one release does.
    fn open<T: SharedLayout>(&self, migrate: Option<Migrate<'_>>) -> Result<DurableState<T>, Error> {
        self.open_at("board", "stores", migrate)
    }

    fn open_at<T: SharedLayout>(
        &self,
        name: &str,
        stores: &str,
        migrate: Option<Migrate<'_>>,
    ) -> Result<DurableState<T>, Error> {
        let mut options = DurableState::<T>::options().interval(Duration::from_millis(10)).timeout(PATIENCE);
        if let Some(migrate) = migrate {
            options = options.migrate(migrate);
        }
        options.open(self.path(name), self.path(stores))
    }
}

/// A process of the first release stays while others roll the second one out, and back.
#[test]
fn a_state_that_comes_back_to_an_earlier_release_is_written_by_its_processes() {
    let fixture = Fixture::new();
    let mut old = fixture.open::<Board>(None).unwrap();
    old.update_durable(|s| s.ticks = 1).unwrap();
    for round in 0..3 {
        let new = fixture.open::<next::Board>(Some(Migrate::Auto)).unwrap();
        new.update_durable(|s| s.ticks += 1).unwrap();
        assert!(old.reopen().unwrap_err().to_string().contains("another layout"));
        // Rolled back by a process that ends, so that the one that stayed is the only one that can write.
        drop(fixture.open::<Board>(Some(Migrate::AllowLoss(&["misses"]))).unwrap());
        drop(new);
        assert!(old.reopen().unwrap());
        old.update_durable(|s| s.ticks += 1).unwrap();
        let version = old.update_versioned(|s, version| (s.ticks += 1, version)).unwrap().1;
        // No wish: the interval alone.
        while old.durable_version().unwrap() < version {
            std::thread::yield_now();
        }
        assert_eq!(old.read(|s| s.ticks).unwrap(), 4 + 3 * round);
    }
    old.update(|s| s.ticks += 1).unwrap();
    drop(old);
    shmstate_durable::remove(fixture.path("board")).unwrap();
    assert_eq!(fixture.open::<Board>(None).unwrap().read(|s| s.ticks).unwrap(), 11);
}

/// What stands in the way of the election is a process that cannot write.
#[test]
fn a_process_of_an_earlier_release_leaves_the_writing_to_the_next_one() {
    let fixture = Fixture::new();
    let old = fixture.open::<Board>(None).unwrap();
    old.update_durable(|s| s.ticks = 1).unwrap();
    for _ in 0..5 {
        let new = fixture.open::<next::Board>(Some(Migrate::Auto)).unwrap();
        new.update_durable(|s| s.misses += 1).unwrap();
        assert_eq!(old.update(|s| s.ticks += 1).unwrap_err().kind(), ErrorKind::Retired);
    }
    drop(old);
    shmstate_durable::remove(fixture.path("board")).unwrap();
    let new = fixture.open::<next::Board>(None).unwrap();
    assert_eq!(new.read(|s| (s.ticks, s.misses)).unwrap(), (1, 5));
}

/// Opens the state as the next release, in vain. Returns why.
#[track_caller]
fn refused(fixture: &Fixture, stores: &str) -> Error {
    fixture.open_at::<next::Board>("board", stores, Some(Migrate::Auto)).unwrap_err()
}

/// To take the handles of an earlier release out of service is not nothing.
#[test]
fn what_does_not_belong_together_is_not_migrated() {
    // A region and a store of two states.
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("elsewhere")).unwrap();
    let other = fixture.open_at::<next::Board>("elsewhere/board", "stores", None).unwrap();
    other.update_durable(|s| s.ticks = 9).unwrap();
    let running = State::<Board>::create(fixture.path("board")).unwrap();
    drop(other);
    let why = refused(&fixture, "stores");
    assert!(matches!(why, Error::Unrelated { .. }), "{why}");
    running.update(|s| s.ticks += 1).unwrap();

    // Another directory, or a store that cannot be used; and a process writes, or none does.
    for (stores, writes) in [("stores", true), ("others", true), ("others", false), ("stores", false)] {
        let fixture = Fixture::new();
        let running = fixture.open::<Board>(None).unwrap();
        running.update_durable(|s| s.ticks = 1).unwrap();
        let plain = State::<Board>::open(fixture.path("board")).unwrap();
        if !writes {
            drop(running);
        }
        if stores == "stores" {
            std::fs::write(fixture.path("copy"), b"no store").unwrap();
            std::fs::rename(fixture.path("copy"), fixture.path("stores/board.redb")).unwrap();
        }
        let why = refused(&fixture, stores);
        let is_right = match (stores, writes) {
            ("others", _) => matches!(why, Error::OtherStore { .. }),
            (_, true) => matches!(why, Error::NoStore { .. }),
            (_, false) => matches!(why, Error::Damaged { .. }),
        };
        assert!(is_right, "{stores} {writes}: {why}");
        plain.update(|s| s.ticks += 1).unwrap();
    }

    // A region that was created anew, beside a process that still has the one before.
    let fixture = Fixture::new();
    let before = fixture.open::<Board>(None).unwrap();
    before.update_durable(|s| s.ticks = 1).unwrap();
    shmstate::remove(fixture.path("board")).unwrap();
    let running = State::<Board>::create(fixture.path("board")).unwrap();
    let why = refused(&fixture, "stores");
    assert!(matches!(why, Error::Unrelated { .. } | Error::Held { .. }), "{why}");
    running.update(|s| s.ticks += 1).unwrap();
    drop(before);
    let why = refused(&fixture, "stores");
    assert!(matches!(why, Error::Unrelated { .. }), "{why}");
    running.update(|s| s.ticks += 1).unwrap();
}
