//! A state goes on after its regions are gone.

use shmstate::dynamic::DynState;
use shmstate::{List, Map, Migrate, SharedLayout, State, Text};
use shmstate_durable::{DurableState, Error};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    owner: Text<24>,
    samples: List<u64, 20_000>,
    seats: Map<u64, u64, 100>,
}

struct Fixture {
    _dir: TempDir,
    name: PathBuf,
    stores: PathBuf,
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        Fixture { name: dir.path().join("board"), stores: dir.path().join("stores"), _dir: dir }
    }

    fn open(&self) -> DurableState<Board> {
        DurableState::open(&self.name, &self.stores).unwrap()
    }

    /// Nothing but the store is left.
    fn restart(&self) {
        shmstate_durable::remove(&self.name).unwrap();
        assert_eq!(self.regions(), 0);
    }

    fn regions(&self) -> usize {
        std::fs::read_dir(self._dir.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count()
    }

    /// How many times a version was said to be on disk.
    fn commits(&self) -> u64 {
        let mut progress = self.name.clone().into_os_string();
        progress.push(".durable");
        let progress = DynState::open(progress).unwrap().snapshot().unwrap();
        progress.value().get("commits").unwrap().as_u64().unwrap()
    }

    fn store(&self) -> PathBuf {
        self.stores.join("board.redb")
    }
}

fn fill(board: &Board) -> (u64, &str, usize, u64, Option<u64>) {
    (board.ticks, &board.owner, board.samples.len(), board.samples.iter().sum(), board.seats.get(&5).copied())
}

#[test]
fn a_state_goes_on_after_its_regions_are_gone() {
    let fixture = Fixture::new();
    let board = fixture.open();
    assert_eq!((board.version().unwrap(), board.durable_version().unwrap()), (0, 0));
    board.update(|s| s.samples.extend(0..20_000)).unwrap();
    board.transact(|s| Ok((s.owner.set("me")?, s.seats.insert(5, 6)?))).unwrap();
    assert_eq!(board.update_durable(|s| s.ticks = 9).unwrap(), ());
    assert_eq!(board.durable_version().unwrap(), 3);
    board.update(|s| s.samples.truncate(19_000)).unwrap();
    assert_eq!(board.flush().unwrap(), 4);
    // The thread that writes does so at the end as well.
    board.update(|s| s.ticks += 1).unwrap();
    drop(board);
    fixture.restart();

    let board = fixture.open();
    assert_eq!((board.version().unwrap(), board.durable_version().unwrap()), (5, 5));
    let sum = (0..19_000).sum();
    board.read(|s| assert_eq!(fill(s), (10, "me", 19_000, sum, Some(6)))).unwrap();
    board.update(|s| s.samples.clear()).unwrap();
    assert_eq!(board.flush().unwrap(), 6);
    drop(board);
    fixture.restart();
    fixture.open().read(|s| assert_eq!(fill(s), (10, "me", 0, 0, Some(6)))).unwrap();
}

#[test]
fn what_is_not_waited_for_is_written_each_interval() {
    let fixture = Fixture::new();
    let board = DurableState::<Board>::options().interval(Duration::from_millis(10));
    let board = board.open(&fixture.name, &fixture.stores).unwrap();
    let version = board.update_versioned(|s, version| (s.ticks = 7, version)).unwrap().1;
    // No wish: the interval alone.
    while board.durable_version().unwrap() < version {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::mem::forget(board); // and nothing is written at the end
}

#[test]
fn a_dropped_handle_does_not_wait_for_the_interval() {
    let fixture = Fixture::new();
    for round in 0..50 {
        let board =
            DurableState::<Board>::options().interval(Duration::MAX).open(&fixture.name, &fixture.stores).unwrap();
        board.update(|s| s.ticks += 1).unwrap();
        if round % 2 == 0 {
            board.flush().unwrap();
        }
    }
    fixture.restart();
    assert_eq!(fixture.open().read(|s| s.ticks).unwrap(), 50);
}

#[test]
fn the_thread_that_writes_has_a_handle_of_its_own() {
    let fixture = Fixture::new();
    let board = DurableState::<Board>::options().handles(1).open(&fixture.name, &fixture.stores).unwrap();
    board.update_durable(|s| s.ticks = 3).unwrap();
    assert_eq!(board.attached().unwrap().len(), 2);
}

#[test]
fn a_new_state_is_filled_once() {
    let fixture = Fixture::new();
    let open = || DurableState::<Board>::options().init(|s| s.ticks += 5).open(&fixture.name, &fixture.stores).unwrap();
    open().update(|s| s.ticks += 1).unwrap();
    fixture.restart();
    assert_eq!(open().read(|s| s.ticks).unwrap(), 6);
}

#[test]
fn a_state_that_was_not_durable_becomes_it() {
    let fixture = Fixture::new();
    let plain = State::<Board>::create(&fixture.name).unwrap();
    plain.update(|s| s.ticks = 3).unwrap();
    let board = fixture.open();
    assert_eq!((board.durable_version().unwrap(), board.lineage()), (1, plain.lineage()));
    plain.update(|s| s.ticks = 4).unwrap();
    board.flush().unwrap();
    drop((plain, board));
    fixture.restart();
    assert_eq!(fixture.open().read(|s| s.ticks).unwrap(), 4);
}

#[test]
fn a_region_of_other_sizes_is_kept_in_the_same_store() {
    let fixture = Fixture::new();
    let mut board = fixture.open();
    board.update(|s| s.ticks = 3).unwrap();
    let mut other = fixture.open();
    board.recreate(State::options().handles(100)).unwrap(); // one of them for the thread that writes
    board.update_durable(|s| s.ticks += 1).unwrap();
    assert_eq!(other.update(|s| s.ticks += 1).unwrap_err().kind(), shmstate::ErrorKind::Retired);
    assert!(other.reopen().unwrap());
    other.update_durable(|s| s.ticks += 1).unwrap();
    assert_eq!(board.durable_version().unwrap(), board.version().unwrap());
    drop((board, other));
    fixture.restart();
    assert_eq!(fixture.open().read(|s| s.ticks).unwrap(), 5);
}

mod wider {
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub ticks: u64,
        pub limit: u64,
        pub samples: shmstate::List<u64, 30_000>,
    }
}

fn open_wider(fixture: &Fixture) -> Result<DurableState<wider::Board>, Error> {
    let options = DurableState::<wider::Board>::options();
    options.migrate(Migrate::AllowLoss(&["owner", "seats"])).open(&fixture.name, &fixture.stores)
}

#[test]
fn a_changed_struct_is_carried_over_from_the_store_and_from_the_region() {
    let fixture = Fixture::new();
    let board = fixture.open();
    board.update(|s| s.samples.extend(0..20_000)).unwrap();
    board.update_durable(|s| s.ticks = 11).unwrap();
    drop(board);
    fixture.restart();
    let refused = DurableState::<wider::Board>::open(&fixture.name, &fixture.stores).unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, Error::Layout { .. }), "{text}");
    // About what is there, and with what helps.
    for part in ["board.redb` has another", "DurableState::options().migrate(", "AllowLoss(&[\"owner\", \"seats\"])"] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(!text.contains("region") && !text.contains("open_or_replace"), "{text}");
    let lossy = DurableState::<wider::Board>::options().migrate(Migrate::Auto).open(&fixture.name, &fixture.stores);
    assert!(matches!(lossy, Err(Error::Layout { .. })), "`owner` would be lost");
    assert_eq!(fixture.regions(), 0, "no region was made");
    let board = fixture.open();
    board.update(|s| s.ticks = 12).unwrap();
    drop(board);
    fixture.restart();
    let board = open_wider(&fixture).unwrap();
    let seen = |s: &wider::Board| (s.ticks, s.limit, s.samples.len(), s.samples.iter().sum());
    assert_eq!(board.read(seen).unwrap(), (12, 0, 20_000, (0..20_000).sum::<u64>()));
    assert_eq!(board.durable_version().unwrap(), board.version().unwrap());
    drop(board);
    fixture.restart();
    assert_eq!(open_wider(&fixture).unwrap().read(seen).unwrap().0, 12);
    fixture.restart();

    // While processes of the old release use it.
    std::fs::remove_file(fixture.store()).unwrap();
    let old = fixture.open();
    old.update_durable(|s| s.ticks = 5).unwrap();
    let new = open_wider(&fixture).unwrap();
    new.update_durable(|s| s.limit = 6).unwrap();
    assert_eq!(old.update(|s| s.ticks = 0).unwrap_err().kind(), shmstate::ErrorKind::Retired);
    drop((old, new));
    fixture.restart();
    assert_eq!(open_wider(&fixture).unwrap().read(|s| (s.ticks, s.limit)).unwrap(), (5, 6));
}

#[test]
fn a_backup_of_a_running_system_is_a_store() {
    let fixture = Fixture::new();
    let board = fixture.open();
    board.update_durable(|s| s.ticks = 7).unwrap();
    let copy = fixture.stores.join("copy");
    assert_eq!(board.backup(&copy).unwrap(), 1);
    assert!(matches!(board.backup(&copy), Err(Error::AlreadyExists { .. })));
    board.update_durable(|s| s.ticks = 8).unwrap();
    assert_eq!(shmstate_durable::backup(&fixture.name, fixture.stores.join("second")).unwrap(), 2);
    assert!(matches!(shmstate_durable::verify(fixture.store()), Err(Error::Held { .. })));
    // Of the running system.
    let other = fixture.open();
    assert_eq!(board.restore(&copy).unwrap(), 3);
    assert_eq!((other.read(|s| s.ticks).unwrap(), other.durable_version().unwrap()), (7, 3));
    assert_eq!(fixture.regions(), 3);
    board.update_durable(|s| s.ticks = 8).unwrap();
    drop((board, other));
    assert_eq!(shmstate_durable::verify(fixture.store()).unwrap().version(), 4);
    assert_eq!(shmstate_durable::verify(&copy).unwrap().value().get("ticks").unwrap().as_u64().unwrap(), 7);

    assert!(matches!(
        shmstate_durable::restore(&copy, &fixture.name, &fixture.stores),
        Err(Error::AlreadyExists { .. })
    ));
    std::fs::remove_file(fixture.store()).unwrap();
    fixture.restart();
    assert_eq!(shmstate_durable::restore(&copy, &fixture.name, &fixture.stores).unwrap(), 1);
    assert_eq!(fixture.open().read(|s| s.ticks).unwrap(), 7);
    assert!(matches!(shmstate_durable::verify(Path::new("/nowhere/at.all")), Err(Error::NoStore { .. })));
}

/// So that a death leaves nothing there.
#[test]
fn to_restore_a_backup_makes_no_file() {
    let fixture = Fixture::new();
    let board = fixture.open();
    board.update_durable(|s| s.seats.insert(5, 6).unwrap()).unwrap();
    let copy = fixture.stores.join("copy");
    board.backup(&copy).unwrap();
    board.update_durable(|s| s.seats.clear()).unwrap();
    // Whatever is made or removed in the directory changes its time.
    let (dir, long_ago) = (std::fs::File::open(fixture._dir.path()).unwrap(), std::time::SystemTime::UNIX_EPOCH);
    dir.set_modified(long_ago).unwrap();
    board.restore(&copy).unwrap();
    assert_eq!(dir.metadata().unwrap().modified().unwrap(), long_ago);
    assert_eq!(board.read(|s| s.seats.get(&5).copied()).unwrap(), Some(6));
    // Of another layout.
    let other = DurableState::<u64>::open(fixture._dir.path().join("number"), &fixture.stores).unwrap();
    let why = other.restore(&copy).unwrap_err();
    assert!(matches!(why, Error::Layout { .. }) && why.to_string().contains("copy` has another layout"), "{why}");
    assert_eq!(other.version().unwrap(), 0);
}

/// A list whose items after the last one have some content, which depends on the copy.
#[derive(SharedLayout)]
#[repr(C)]
struct Listed {
    ticks: u64,
    list: List<u64, 4096>,
}

/// The bytes that meant nothing in the image of the process that wrote before are not those of the one that goes on.
#[test]
fn what_becomes_an_item_is_written_after_another_process_goes_on() {
    for (rolled_back, takes_over) in (0..8).map(|n| (n / 2, n % 2 == 1)) {
        let fixture = Fixture::new();
        let open = || DurableState::<Listed>::open(&fixture.name, &fixture.stores).unwrap();
        let mut state = open();
        state.update_durable(|s| s.list.extend(0..2000)).unwrap();
        for _ in 0..rolled_back {
            let given_up = state.try_update(|s| {
                s.list.push(42).unwrap();
                Err::<(), ()>(())
            });
            assert_eq!(given_up.unwrap(), Err(()));
            state.update_durable(|s| s.ticks += 1).unwrap();
        }
        // The next process has nothing to write when it begins.
        let commits = if takes_over {
            let other = open();
            let commits = fixture.commits();
            drop(std::mem::replace(&mut state, other));
            commits
        } else {
            drop(state);
            let commits = fixture.commits();
            state = open();
            commits
        };
        let begun = Instant::now();
        while fixture.commits() == commits {
            assert!(begun.elapsed() < Duration::from_secs(120), "no process goes on");
            std::thread::yield_now();
        }
        state.update_durable(|s| s.list.push(42).unwrap()).unwrap();
        drop(state);
        fixture.restart();
        assert_eq!(open().read(|s| (s.list.len(), s.list[2000])).unwrap(), (2001, 42), "{rolled_back} {takes_over}");
    }
}

/// The longest interval there is: nothing is written that no process waits for.
fn seldom(fixture: &Fixture) -> DurableState<Board> {
    let options = DurableState::options().interval(Duration::MAX).timeout(Duration::from_secs(30));
    options.open(&fixture.name, &fixture.stores).unwrap()
}

#[test]
fn a_version_that_has_not_been_made_holds_up_no_other() {
    let fixture = Fixture::new();
    let board = seldom(&fixture);
    for wanted in [3, u64::MAX] {
        assert!(!board.wait_durable(wanted, Duration::from_millis(20)).unwrap());
        // Each of them, until the version is made, and after it.
        for _ in 0..4 {
            board.update_durable(|s| s.ticks += 1).unwrap();
        }
    }
    assert_eq!(board.durable_version().unwrap(), 8);
}

#[test]
fn a_version_that_is_waited_for_before_it_is_made_is_written() {
    let fixture = Fixture::new();
    let (board, other) = (seldom(&fixture), seldom(&fixture));
    for version in [2, 4, 7] {
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| board.wait_durable(version, Duration::from_secs(30)).unwrap());
            // So that it waits, mostly.
            std::thread::sleep(Duration::from_millis(20));
            while other.update_versioned(|s, made| (s.ticks += 1, made)).unwrap().1 < version {}
            assert!(waiter.join().unwrap());
        });
    }
    // Nothing wants it.
    assert!(!board.wait_durable(8, Duration::ZERO).unwrap());
}

#[test]
fn what_a_replaced_region_has_not_made_is_not_waited_for() {
    let fixture = Fixture::new();
    let (board, mut other) = (fixture.open(), fixture.open());
    board.update(|s| s.ticks = 1).unwrap();
    other.recreate(State::options().handles(100)).unwrap();
    // What it has made is kept.
    assert!(board.wait_durable(1, Duration::MAX).unwrap());
    let why = board.wait_durable(100, Duration::MAX).unwrap_err();
    assert!(matches!(&why, Error::State(e) if e.kind() == shmstate::ErrorKind::Retired), "{why}");
}

#[test]
fn a_state_whose_region_is_removed_is_opened_at_once() {
    for removes_all in [false, true] {
        let fixture = Fixture::new();
        let board = seldom(&fixture);
        board.update_durable(|s| s.ticks = 5).unwrap();
        if removes_all {
            shmstate_durable::remove(&fixture.name).unwrap();
        } else {
            shmstate::remove(&fixture.name).unwrap();
        }
        let again = seldom(&fixture);
        assert_eq!(again.read(|s| s.ticks).unwrap(), 5);
        assert!(matches!(board.update_durable(|s| s.ticks += 1), Err(Error::Detached { .. })));
        again.update_durable(|s| s.ticks += 1).unwrap();
    }
}

#[test]
fn of_two_backups_to_one_file_one_is_made() {
    let fixture = Fixture::new();
    let board = fixture.open();
    board.update_durable(|s| s.samples.extend(0..20_000)).unwrap();
    for n in 0..20 {
        let file = fixture.stores.join(format!("backup{n}"));
        // What one has left that was killed.
        std::fs::write(fixture.stores.join(format!(".backup{n}.new")), [7; 5000]).unwrap();
        let made = || shmstate_durable::backup(&fixture.name, &file);
        let results =
            std::thread::scope(|scope| [scope.spawn(made), scope.spawn(made)].map(|thread| thread.join().unwrap()));
        let made = results.iter().filter(|result| result.is_ok()).count();
        let refused =
            |result: &Result<u64, Error>| matches!(result, Err(Error::Held { .. } | Error::AlreadyExists { .. }));
        assert!(made == 1 && results.iter().any(refused), "{results:?}");
        assert_eq!(shmstate_durable::verify(&file).unwrap().version(), 1);
    }
    let unfinished =
        |name: std::io::Result<std::fs::DirEntry>| name.unwrap().file_name().to_string_lossy().ends_with(".new");
    assert!(!std::fs::read_dir(&fixture.stores).unwrap().any(unfinished));
}
