//! Processes of two releases, whose layouts differ, share a state and its store.

use shmstate::{ErrorKind, Migrate, SharedLayout};
use shmstate_durable::{DurableState, Error};
use std::path::PathBuf;
use std::time::Duration;

/// For what has to come.
const PATIENCE: Duration = Duration::from_secs(120);

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

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
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
    let place = Place::new();
    let mut old = place.open::<Board>(None).unwrap();
    old.update_durable(|s| s.ticks = 1).unwrap();
    for round in 0..3 {
        let new = place.open::<next::Board>(Some(Migrate::Auto)).unwrap();
        new.update_durable(|s| s.ticks += 1).unwrap();
        assert!(old.reopen().unwrap_err().to_string().contains("another layout"));
        // Rolled back by a process that ends, so that the one that stayed is the only one that can write.
        drop(place.open::<Board>(Some(Migrate::AllowLoss(&["misses"]))).unwrap());
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
    shmstate_durable::remove(place.path("board")).unwrap();
    assert_eq!(place.open::<Board>(None).unwrap().read(|s| s.ticks).unwrap(), 11);
}

/// What stands in the way of the election is a process that cannot write.
#[test]
fn a_process_of_an_earlier_release_leaves_the_writing_to_the_next_one() {
    let place = Place::new();
    let old = place.open::<Board>(None).unwrap();
    old.update_durable(|s| s.ticks = 1).unwrap();
    for _ in 0..5 {
        let new = place.open::<next::Board>(Some(Migrate::Auto)).unwrap();
        new.update_durable(|s| s.misses += 1).unwrap();
        assert_eq!(old.update(|s| s.ticks += 1).unwrap_err().kind(), ErrorKind::Retired);
    }
    drop(old);
    shmstate_durable::remove(place.path("board")).unwrap();
    let new = place.open::<next::Board>(None).unwrap();
    assert_eq!(new.read(|s| (s.ticks, s.misses)).unwrap(), (1, 5));
}
