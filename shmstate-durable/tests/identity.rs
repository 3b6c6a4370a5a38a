//! A store is never written by another state, and a region is never taken for one that was restored.

use shmstate::State;
use shmstate_durable::{DurableState, Error};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Where a process that dies finds the state.
const CHILD: &str = "SHMSTATE_DURABLE_VICTIM";

/// For what has to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// For what never comes.
const SHORT: Duration = Duration::from_millis(100);

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

    fn open_at(&self, name: &str, stores: &str, timeout: Duration) -> Result<DurableState<u64>, Error> {
        let options = DurableState::<u64>::options().interval(Duration::from_millis(10)).timeout(timeout);
        options.open(self.path(name), self.path(stores))
    }

    fn open(&self) -> Result<DurableState<u64>, Error> {
        self.open_at("number", "stores", PATIENCE)
    }

    /// A store in which version 1 has that number, and no region.
    fn with_store(number: u64) -> Fixture {
        let fixture = Fixture::new();
        fixture.open().unwrap().update_durable(|n| *n = number).unwrap();
        shmstate_durable::remove(fixture.path("number")).unwrap();
        fixture
    }

    /// The version and the number that the store has.
    fn stored(&self) -> (u64, u64) {
        let kept = shmstate_durable::verify(self.path("stores/number.redb")).unwrap();
        (kept.version(), kept.value().as_u64().unwrap())
    }
}

/// A child, unless it is the test that runs this. It dies while the store is there, and the region is not.
#[test]
fn child() {
    if let Some(dir) = std::env::var_os(CHILD) {
        let dir = Path::new(&dir);
        let options = DurableState::<u64>::options().init(|_| std::process::abort());
        drop(options.open(dir.join("number"), dir.join("stores")));
    }
}

#[track_caller]
fn refused(opened: Result<DurableState<u64>, Error>) -> String {
    match opened {
        Err(e @ (Error::Unrelated { .. } | Error::OtherStore { .. } | Error::Held { .. })) => e.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_region_that_was_created_by_other_means_does_not_overwrite_the_store() {
    let fixture = Fixture::with_store(7);
    let plain = State::<u64>::create(fixture.path("number")).unwrap();
    for _ in 0..5 {
        plain.update(|n| *n += 100).unwrap();
    }
    let why = refused(fixture.open());
    assert!(why.contains("of two states") && why.contains("shmstate rm"), "{why}");
    assert_eq!(fixture.stored(), (1, 7));
    // As the error says.
    shmstate::remove(fixture.path("number")).unwrap();
    assert_eq!(fixture.open().unwrap().read(|n| *n).unwrap(), 7);
}

#[test]
fn a_region_that_is_removed_while_it_is_used_is_written_no_more() {
    for everything in [false, true] {
        let fixture = Fixture::new();
        let old = fixture.open().unwrap();
        old.update_durable(|n| *n = 7).unwrap();
        if everything {
            shmstate_durable::remove(fixture.path("number")).unwrap();
        } else {
            shmstate::remove(fixture.path("number")).unwrap();
        }
        let new = fixture.open().unwrap();
        assert_eq!(new.read(|n| *n).unwrap(), 7);
        assert_ne!(new.lineage(), old.lineage());
        // With the same number of its version.
        old.update(|n| *n = 666).unwrap();
        new.update_durable(|n| *n = 8).unwrap();
        match old.wait_durable(old.version().unwrap(), SHORT) {
            Err(Error::Detached { .. }) => {}
            Ok(false) if everything => {} // it hears nothing of the regions that are there now
            other => panic!("{other:?}"),
        }
        if !everything {
            assert!(matches!(old.update_durable(|n| *n = 667), Err(Error::Detached { .. })));
        }
        drop(old);
        new.update_durable(|n| *n += 1).unwrap();
        drop(new);
        assert_eq!(fixture.stored(), (3, 9));
    }
}

#[test]
fn one_state_has_one_store() {
    let fixture = Fixture::new();
    let number = fixture.open().unwrap();
    number.update_durable(|n| *n = 7).unwrap();
    let why = refused(fixture.open_at("number", "others", SHORT));
    assert!(why.contains(&*fixture.path("stores/number.redb").to_string_lossy()), "{why}");
    drop(number);
    // No process writes, but the regions are there.
    refused(fixture.open_at("number", "others", SHORT));
    assert!(!fixture.path("others/number.redb").exists());
    assert_eq!(fixture.open().unwrap().read(|n| *n).unwrap(), 7);
}

/// Long paths that differ in the end only.
#[test]
fn one_state_has_one_store_whatever_the_length_of_its_path() {
    let fixture = Fixture::new();
    let [stores, others] =
        ["stores", "others"].map(|end| format!("{}{end}", format!("{}/", "d".repeat(200)).repeat(6)));
    let number = fixture.open_at("number", &stores, PATIENCE).unwrap();
    number.update_durable(|n| *n = 7).unwrap();
    for writes in [Some(number), None] {
        let why = refused(fixture.open_at("number", &others, SHORT));
        assert!(why.contains(&*fixture.path(&stores).join("number.redb").to_string_lossy()), "{why}");
        drop(writes);
    }
    let number = fixture.open_at("number", &stores, PATIENCE).unwrap();
    std::fs::remove_file(fixture.path(&stores).join("number.redb")).unwrap();
    let removed = fixture.open_at("number", &stores, SHORT).unwrap_err();
    assert!(matches!(removed, Error::NoStore { .. }), "{removed}");
    drop(number);
}

#[test]
fn one_store_has_one_state() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("other")).unwrap();
    let number = fixture.open().unwrap();
    number.update_durable(|n| *n = 7).unwrap();
    let why = refused(fixture.open_at("other/number", "stores", SHORT));
    assert!(why.contains("another process has the store open"), "{why}");
    drop(number);
    // It may move to another name; the region of the old name is another state from then on.
    let moved = fixture.open_at("other/number", "stores", PATIENCE).unwrap();
    moved.update_durable(|n| *n += 1).unwrap();
    drop(moved);
    refused(fixture.open());
    assert_eq!(fixture.stored(), (2, 8));
}

#[test]
fn a_backup_is_no_store_of_a_region() {
    let fixture = Fixture::new();
    let number = fixture.open().unwrap();
    number.update_durable(|n| *n = 7).unwrap();
    std::fs::create_dir(fixture.path("backups")).unwrap();
    number.backup(fixture.path("backups/number.redb")).unwrap();
    number.update_durable(|n| *n = 8).unwrap();
    drop(number);
    shmstate::remove(fixture.path("number.durable")).unwrap();
    refused(fixture.open_at("number", "backups", SHORT));
    let backup = shmstate_durable::verify(fixture.path("backups/number.redb")).unwrap();
    assert_eq!(backup.value().as_u64().unwrap(), 7);
    // Without a region, one is restored from it.
    shmstate_durable::remove(fixture.path("number")).unwrap();
    let number = fixture.open_at("number", "backups", PATIENCE).unwrap();
    number.update_durable(|n| *n += 2).unwrap();
    drop(number);
    assert_eq!(fixture.open_at("number", "backups", PATIENCE).unwrap().read(|n| *n).unwrap(), 9);
    refused(fixture.open());
}

/// Beside a region that any program has created.
#[test]
fn a_store_without_a_version_takes_the_lineage_of_the_region() {
    for beside in ["nothing", "a store without a version"] {
        let fixture = Fixture::new();
        if beside != "nothing" {
            let mut process = Command::new(std::env::current_exe().unwrap());
            let process = process.args(["child", "--exact"]).env(CHILD, fixture.path("")).output().unwrap();
            assert!(!process.status.success() && fixture.path("stores/number.redb").exists(), "{process:?}");
        }
        let plain = State::<u64>::create(fixture.path("number")).unwrap();
        plain.update(|n| *n = 7).unwrap();
        let number = fixture.open().unwrap();
        assert_eq!(number.lineage(), plain.lineage());
        drop(number);
        assert_eq!(fixture.stored(), (1, 7));
    }
}

#[test]
fn a_store_that_is_removed_while_it_is_used_is_missed() {
    let fixture = Fixture::new();
    let number = fixture.open().unwrap();
    number.update_durable(|n| *n = 7).unwrap();
    std::fs::remove_file(fixture.path("stores/number.redb")).unwrap();
    let other = fixture.open_at("number", "stores", SHORT);
    assert!(matches!(other, Err(Error::NoStore { .. })), "{other:?}");
    number.update(|n| *n = 8).unwrap();
    assert!(!number.wait_durable(2, SHORT).unwrap());
    drop(number);
    fixture.open().unwrap().update_durable(|n| *n += 1).unwrap();
    assert_eq!(fixture.stored(), (3, 9));
}

/// A copy has the same lineage.
#[test]
fn a_store_that_is_replaced_while_it_is_used_is_missed_until_it_is_back() {
    let fixture = Fixture::new();
    let (store, aside) = (fixture.path("stores/number.redb"), fixture.path("aside"));
    let replace = || {
        std::fs::copy(&store, fixture.path("copy")).unwrap();
        std::fs::rename(&store, &aside).unwrap();
        std::fs::rename(fixture.path("copy"), &store).unwrap();
    };
    let number = fixture.open().unwrap();
    number.update_durable(|n| *n = 7).unwrap();
    replace();
    let copied = std::fs::read(&store).unwrap();
    number.update(|n| *n = 8).unwrap();
    assert!(!number.wait_durable(2, SHORT).unwrap());
    let begun = Instant::now();
    while number.last_failure().unwrap().is_empty() && begun.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    let other = fixture.open_at("number", "stores", SHORT).unwrap_err();
    assert!(matches!(other, Error::NoStore { .. }), "{other:?}");
    assert_eq!(number.last_failure().unwrap(), other.to_string());
    assert_eq!(std::fs::read(&store).unwrap(), copied);
    // As the error says: first the one, then the other.
    std::fs::rename(&aside, &store).unwrap();
    assert!(number.wait_durable(2, PATIENCE).unwrap());
    assert_eq!(fixture.open().unwrap().read(|n| *n).unwrap(), 8);
    assert_eq!(number.last_failure().unwrap(), "");
    replace();
    number.update(|n| *n = 9).unwrap();
    drop(number);
    assert_eq!(fixture.open().unwrap().read(|n| *n).unwrap(), 9);
    assert_eq!(fixture.stored(), (3, 9));
}

#[test]
fn what_is_no_store_is_refused_and_stays() {
    let fixture = Fixture::new();
    let store = fixture.path("stores/number.redb");
    std::fs::create_dir(fixture.path("stores")).unwrap();
    let refused = |content: &[u8]| {
        std::fs::write(&store, content).unwrap();
        let why = fixture.open().unwrap_err();
        assert!(matches!(why, Error::Damaged { .. }), "{why}");
        assert_eq!(std::fs::read(&store).unwrap(), content);
        assert!(!Path::new(&fixture.path("number")).exists());
    };
    refused(b"");
    refused(b"a text that is no database, and is longer than the magic number of one");
    let database = redb::Database::create(fixture.path("other")).unwrap();
    drop(database);
    std::fs::remove_file(&store).unwrap();
    std::fs::rename(fixture.path("other"), &store).unwrap();
    let why = fixture.open().unwrap_err().to_string();
    assert!(why.contains("a database of something else"), "{why}");
}
