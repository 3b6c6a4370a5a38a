//! The layout as a contract between programs: what a new state starts with, names that outlive those in the program, and
//! golden files.

use shmstate::{List, SharedLayout, State, Text, assert_layout};
use std::path::Path;

#[derive(SharedLayout, PartialEq, Debug)]
#[repr(C, u64)]
enum Phase {
    Idle,
    Busy { since: u64 },
}

#[derive(SharedLayout)]
#[repr(C)]
struct Limits<T: SharedLayout + Default, const MOST: u64> {
    /// At a time.
    #[shared(init = MOST)]
    most: u64,
    #[shared(init = T::default())]
    other: T,
    used: u64,
}

const FIRST: u64 = 40;

#[derive(SharedLayout)]
#[repr(C)]
struct Server {
    #[shared(init = "unnamed".parse().unwrap())]
    name: Text<16>,
    #[shared(init = FIRST + 2)]
    next: u64,
    limits: [[Limits<u64, 7>; 2]; 2],
    one: Limits<[u32; 2], 9>,
    #[shared(init = Phase::Busy { since: 5 })]
    phase: Phase,
    #[shared(init = List::from([1, 2]))]
    queue: List<u64, 4>,
    #[shared(pod, init = [3; 2])]
    raw: [u64; 2],
    zero: [u64; 2],
}

fn check(server: &Server) {
    assert_eq!((&*server.name, server.next), ("unnamed", 42));
    for limits in server.limits.as_flattened() {
        assert_eq!((limits.most, limits.other, limits.used), (7, 0, 0));
    }
    assert_eq!((server.one.most, server.one.other, server.one.used), (9, [0; 2], 0));
    assert_eq!((&server.phase, server.raw, server.zero), (&Phase::Busy { since: 5 }, [3; 2], [0; 2]));
    assert_eq!(server.queue, [1, 2]);
}

#[test]
fn a_new_state_starts_with_its_initial_values() {
    check(&Server::new_box());
    assert_eq!((Server::new_box_zeroed().next, Server::zeroed().one.most), (0, 0));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("server");
    let state = State::<Server>::create(&path).unwrap();
    for _ in 0..6 {
        state.read(check).unwrap();
        state
            .update(|server| {
                check(server);
                server.queue[0] += 1;
                server.queue[0] -= 1;
            })
            .unwrap();
    }
    state.update(|server| server.next += 1).unwrap();
    drop(state);
    let state = State::<Server>::open_or_create(&path).unwrap();
    assert_eq!(state.read(|server| server.next).unwrap(), 43, "only a new one");
}

#[test]
fn the_programs_own_init_has_the_last_word() {
    let dir = tempfile::tempdir().unwrap();
    let init = |server: &mut Server| {
        check(server);
        server.next *= 2;
    };
    let state = State::<Server>::options().init(init).create(dir.path().join("server")).unwrap();
    assert_eq!(state.read(|server| server.next).unwrap(), 84);
}

#[test]
fn a_return_in_an_initial_value_ends_that_value_alone() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Sizes {
        #[shared(init = {
            if std::mem::size_of::<usize>() == 8 {
                return 64;
            }
            32
        })]
        word: u64,
        #[shared(init = 7)]
        after: u64,
    }
    let sizes = Sizes::new_box();
    assert_eq!((sizes.word, sizes.after), (64, 7));
}

#[test]
#[should_panic(expected = "no value today")]
fn an_initial_value_that_panics_creates_nothing() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Fussy {
        #[shared(init = fuss())]
        value: u64,
    }
    fn fuss() -> u64 {
        panic!("no value today")
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fussy");
    let created = std::panic::catch_unwind(|| State::<Fussy>::create(&path));
    assert!(!path.exists());
    if let Err(panic) = created {
        std::panic::resume_unwind(panic);
    }
}

/// The type as another program has it.
mod theirs {
    use shmstate::{List, SharedLayout};

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Board {
        pub ticks: u64,
        pub jobs: List<Job, 3>,
    }

    #[derive(SharedLayout)]
    #[repr(C, u32)]
    pub enum Job {
        Idle,
        Run { pid: u32 },
    }
}

/// Renamed throughout, and documented.
mod ours {
    use shmstate::{List, SharedLayout};

    /// What is going on.
    #[derive(SharedLayout)]
    #[repr(C)]
    #[shared(rename = "Board")]
    pub struct Table {
        /// How often.
        #[shared(rename = "ticks")]
        pub count: u64,
        #[shared(rename = "jobs")]
        pub tasks: List<Task, 3>,
    }

    #[derive(SharedLayout)]
    #[repr(C, u32)]
    #[shared(rename = "Job")]
    pub enum Task {
        #[shared(rename = "Idle")]
        Nothing,
        /// A process.
        #[shared(rename = "Run")]
        Work {
            #[shared(rename = "pid")]
            process: u32,
        },
    }
}

#[test]
fn what_is_renamed_in_a_program_is_still_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("board");
    let theirs = State::<theirs::Board>::create(&path).unwrap();
    theirs.update(|board| board.jobs.push(theirs::Job::Run { pid: 7 }).unwrap_or_default()).unwrap();
    let ours = State::<ours::Table>::open(&path).unwrap();
    ours.read(|table| assert!(matches!(table.tasks[0], ours::Task::Work { process: 7 }))).unwrap();
    ours.update(|table| table.count = 5).unwrap();
    assert_eq!(theirs.read(|board| board.ticks).unwrap(), 5);
}

#[test]
fn other_arguments_are_another_type() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Metered<const UNIT: u8> {
        value: u64,
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metered");
    let _state = State::<Metered<1>>::create(&path).unwrap();
    let error = State::<Metered<2>>::open(&path).unwrap_err().to_string();
    assert!(error.contains("\n  (the state)  Metered<1>    Metered<2>       kept: "), "{error}");
}

#[test]
fn the_layout_is_the_golden_one() {
    assert_layout!(Server, "golden/server.json");
    assert_layout!(ours::Table, Path::new("golden").join("board.json"));
    assert_layout!(theirs::Board, "golden/board.json",);
}

#[test]
#[should_panic(expected = "\n  Other.next: the file has no such field, the program has `u64` at offset 24\n")]
fn another_layout_is_not() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Other {
        name: Text<16>,
        next: u64,
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.json");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/board.json")).unwrap();
    std::fs::write(&path, text).unwrap();
    assert_layout!(Other, path);
}
