//! Regions that begin with a content that was kept elsewhere.

use shmstate::dynamic::Snapshot;
use shmstate::{Error, ErrorKind, Map, Migrate, SharedLayout, State};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    on: bool,
    _pad: [u8; 7],
    seats: Map<u64, u64, 10>,
}

mod wider {
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub ticks: u64,
        #[shared(init = 9)]
        pub limit: u64,
        pub seats: shmstate::Map<u64, u64, 20>,
    }
}

/// A state of three versions, and what is kept of it.
fn kept() -> (TempDir, PathBuf, Snapshot) {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().join("board");
    let board = State::<Board>::create(&name).unwrap();
    board.update(|s| (s.ticks, s.on) = (7, true)).unwrap();
    board.transact(|s| Ok(s.seats.insert(3, 4)?)).unwrap();
    board.transact(|s| Ok(s.seats.insert(5, 6)?)).unwrap();
    let follower = board.follow().unwrap();
    let kept = Snapshot::from_parts(&State::<Board>::schema(), follower.version(), follower.bytes()).unwrap();
    assert_eq!((kept.bytes(), kept.schema()), (follower.bytes(), State::<Board>::schema()));
    drop(follower);
    shmstate::remove(&name).unwrap();
    (dir, name, kept)
}

fn restored(name: &Path, kept: Snapshot) -> Result<State<Board>, Error> {
    State::<Board>::options().open_or_restore(name, |_| Ok::<_, Error>(Some(kept)))
}

#[test]
fn a_region_goes_on_with_what_was_kept() {
    let (_dir, name, kept) = kept();
    let mut lineage = 0;
    let board = State::<Board>::options().open_or_restore(&name, |new| {
        lineage = new;
        assert!(!name.exists(), "no process sees it before it has its content");
        Ok::<_, Error>(Some(kept))
    });
    let board = board.unwrap();
    let seen = |board: &State<Board>| board.read(|s| (s.ticks, s.on, s.seats.get(&3).copied(), s.seats.len())).unwrap();
    assert_eq!((board.version().unwrap(), seen(&board)), (3, (7, true, Some(4), 2)));
    assert_eq!(board.lineage(), lineage);
    assert_ne!(lineage, 0);
    // The copies catch up with it.
    for version in 4..10 {
        let made = board.update_versioned(|s, version| {
            *s.seats.get_mut(&3).unwrap() = 4;
            version
        });
        assert_eq!(made.unwrap(), version);
    }
    assert_eq!(seen(&board), (7, true, Some(4), 2));
    let other = State::<Board>::options().open_or_restore(&name, |_| -> Result<_, Error> { panic!("it is there") });
    assert_eq!(other.unwrap().lineage(), lineage);
}

#[test]
fn without_content_it_is_a_new_one() {
    let (_dir, name, _) = kept();
    let board =
        State::<Board>::options().init(|s| s.ticks = 5).open_or_restore(&name, |_| Ok::<_, Error>(None)).unwrap();
    assert_eq!(board.read_versioned(|s, version| (s.ticks, version)).unwrap(), (5, 0));
}

#[test]
fn another_layout_is_carried_over_if_the_program_says_so() {
    let (_dir, name, kept) = kept();
    let open = |migrate: Option<Migrate<'_>>| {
        let options = State::<wider::Board>::options();
        let options = match migrate {
            Some(migrate) => options.migrate(migrate),
            None => options,
        };
        options.open_or_restore(&name, |_| Ok::<_, Error>(Some(kept.clone())))
    };
    let refused = open(None).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LayoutMismatch);
    assert!(refused.to_string().contains("limit"), "{refused}");
    let refused = open(Some(Migrate::Auto)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LayoutMismatch, "`on` would be lost");
    assert!(!name.exists());
    let board = open(Some(Migrate::AllowLoss(&["on", "_pad"]))).unwrap();
    let seen = board.read_versioned(|s, version| (version, s.ticks, s.limit, s.seats.get(&5).copied())).unwrap();
    assert_eq!(seen, (4, 7, 9, Some(6)));
}

#[test]
fn what_is_no_value_is_refused_and_nothing_is_created() {
    let (_dir, name, kept) = kept();
    let (schema, bytes) = (State::<Board>::schema(), kept.bytes());
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.to_vec();
        bytes[at] = byte;
        Snapshot::from_parts(&schema, 3, bytes)
    };
    assert_eq!(with(8, 2).unwrap_err().kind(), ErrorKind::Corrupt, "no `bool`");
    assert_eq!(Snapshot::from_parts(&schema, 3, &bytes[1..]).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(Snapshot::from_parts(&schema, 1 << 56, bytes).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(Snapshot::from_parts("{}", 3, bytes).unwrap_err().kind(), ErrorKind::InvalidOption);
    let numbers = State::<[u64; 2]>::schema();
    let other = Snapshot::from_parts(&numbers, 3, vec![0; 16]).unwrap();
    assert_eq!(restored(&name, other).unwrap_err().kind(), ErrorKind::LayoutMismatch);
    let failed = State::<Board>::options().open_or_restore(&name, |_| {
        restored(&name, kept.clone()).map(|_| None) // it would wait for itself
    });
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Reentrant);
    assert!(!name.exists());
    restored(&name, kept).unwrap();
}
