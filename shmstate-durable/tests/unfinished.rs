//! What a first opening that fails leaves: nothing, unless another process uses it.

use shmstate::SharedLayout;
use shmstate::dynamic::DynState;
use shmstate_durable::{DurableState, Error, Options};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// For what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new() -> Fixture {
        Fixture(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn open<T: SharedLayout>(&self, options: Options<'_, T>) -> Result<DurableState<T>, Error> {
        options.open(self.path("number"), self.path("some/stores"))
    }

    #[track_caller]
    fn panics(&self, init: impl FnOnce()) {
        let options = DurableState::<u64>::options().init(|_| {
            init();
            panic!("as it is meant to")
        });
        assert!(catch_unwind(AssertUnwindSafe(|| self.open(options))).is_err());
    }

    fn names(&self) -> BTreeSet<OsString> {
        self.path("").read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[track_caller]
    fn has(&self, names: &[&str]) {
        assert_eq!(self.names(), names.iter().map(OsString::from).collect());
    }
}

/// The next opening makes the state, by its own `init`.
#[test]
fn an_opening_that_fails_leaves_nothing() {
    let fixture = Fixture::new();
    fixture.panics(|| ());
    fixture.has(&[]);
    let refused = fixture.open(DurableState::<u64>::options().copies(1)).unwrap_err();
    assert!(matches!(refused, Error::State(_)), "{refused}");
    fixture.has(&[]);
    // The store cannot be made, or the second of the regions beside the state's.
    for in_the_way in ["some", "number.wanted"] {
        std::fs::write(fixture.path(in_the_way), "").unwrap();
        fixture.open(DurableState::<u64>::options()).unwrap_err();
        fixture.has(&[in_the_way]);
        std::fs::remove_file(fixture.path(in_the_way)).unwrap();
    }
    let number = fixture.open(DurableState::<u64>::options().init(|n| *n = 7)).unwrap();
    assert_eq!(number.read(|n| *n).unwrap(), 7);
    drop(number);
    // What there was before stays.
    shmstate::remove(fixture.path("number")).unwrap();
    let before = fixture.names();
    fixture.open(DurableState::<i64>::options()).unwrap_err();
    assert_eq!(fixture.names(), before);
    assert_eq!(fixture.open(DurableState::<u64>::options()).unwrap().read(|n| *n).unwrap(), 7);
}

/// A process that waits for one whose opening fails opens the state itself. What it has open stays.
#[test]
fn a_process_that_waits_opens_the_state() {
    const BESIDE: [&str; 2] = ["number.durable", "number.wanted"];
    for is_removed in [false, true] {
        let fixture = Fixture::new();
        let inodes = || BESIDE.map(|name| fixture.path(name).metadata().unwrap().ino());
        std::thread::scope(|threads| {
            let (mut waiting, mut before) = (None, [0; 2]);
            fixture.panics(|| {
                let open = || fixture.open(DurableState::<u64>::options().timeout(PATIENCE).init(|n| *n = 7));
                waiting = Some(threads.spawn(open));
                let (wanted, begun) = (DynState::open(fixture.path("number.wanted")).unwrap(), Instant::now());
                while wanted.handles().unwrap().len() < 2 && begun.elapsed() < PATIENCE {
                    std::thread::yield_now();
                }
                before = inodes();
                // As a program does that cleans up: what waits has regions that no other process can find.
                if is_removed {
                    BESIDE.iter().for_each(|name| shmstate::remove(fixture.path(name)).unwrap());
                }
            });
            let number = waiting.unwrap().join().unwrap().unwrap();
            number.update_durable(|n| *n += 1).unwrap();
            assert_eq!(inodes() == before, !is_removed);
            let other = fixture.open(DurableState::<u64>::options()).unwrap();
            assert_eq!(other.read(|n| *n).unwrap(), 8);
        });
    }
}
