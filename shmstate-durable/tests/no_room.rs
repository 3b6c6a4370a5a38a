//! What a file that cannot grow leaves.

use shmstate::dynamic::DynState;
use shmstate::{SharedLayout, State};
use shmstate_durable::{DurableState, Error};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Which child a process is that may write short files only.
const CHILD: &str = "SHMSTATE_DURABLE_CHILD";

/// Where it finds the state.
const DIR: &str = "SHMSTATE_DURABLE_DIR";

/// For what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A state of which a new store takes little, because pages of zeroes are left out.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    words: [u64; 1 << 19],
}

/// The names in a directory.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        dir.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A child, unless it is the test that runs this.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let dir = Path::new(&dir);
    match &*std::env::var(CHILD).unwrap() {
        "backup" => says_what_to_do(&shmstate_durable::backup(dir.join("number"), dir.join("copy")).unwrap_err()),
        "export" => {
            let refused = DynState::open(dir.join("number")).unwrap().export(dir.join("copy")).unwrap_err();
            assert!(refused.to_string().contains("ulimit -f"), "{refused}");
        }
        _ => writes(dir),
    }
}

#[track_caller]
fn says_what_to_do(refused: &Error) {
    assert!(matches!(refused, Error::Store { .. }) && refused.to_string().contains("ulimit -f"), "{refused}");
}

/// Runs the child under a limit on the size of files, in blocks of 512 bytes.
#[track_caller]
fn run(child: &str, dir: &Path, limit: u64) {
    // A shell can say how long the files of a process may be. By pipes, because the output of this process may be a file, of which the limit
    // speaks as well.
    let limited = format!("ulimit -f {limit}; exec \"$0\" --exact child");
    let mut shell = Command::new("sh");
    shell.args(["-c", &limited]).arg(std::env::current_exe().unwrap()).env(CHILD, child).env(DIR, dir);
    let child = shell.output().unwrap();
    assert!(child.status.success(), "{child:?}");
}

#[test]
fn a_file_that_finds_no_room_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let number = State::<u64>::create(dir.path().join("number")).unwrap();
    number.update(|n| *n = 7).unwrap();
    for (child, limit) in [("backup", 0), ("backup", 16), ("export", 0)] {
        run(child, dir.path(), limit);
        assert_eq!(names(dir.path()), ["number"]);
    }
    // What was left would have been taken over, too.
    assert_eq!(shmstate_durable::backup(dir.path().join("number"), dir.path().join("copy")).unwrap(), 1);
    assert_eq!(names(dir.path()), ["copy", "number"]);
}

fn open(dir: &Path) -> DurableState<Board> {
    let options = DurableState::<Board>::options().interval(Duration::from_millis(10)).timeout(PATIENCE);
    options.open(dir.join("board"), dir.join("stores")).unwrap()
}

/// Changes more than the store has room for.
fn writes(dir: &Path) {
    let board = open(dir);
    board.update(|s| s.words.fill(7)).unwrap();
    let begun = Instant::now();
    while board.last_failure().unwrap().is_empty() && begun.elapsed() < PATIENCE {
        std::thread::yield_now();
    }
    let why = board.last_failure().unwrap();
    assert!(why.contains("ulimit -f"), "{why}");
}

#[test]
fn a_store_that_cannot_grow_says_why_and_is_written_later() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    // What a new store has is more than this state of zeroes, and less than one of sevens.
    let store = dir.path().join("stores/board.redb");
    run("write", dir.path(), store.metadata().unwrap().len().div_ceil(512));
    let board = open(dir.path());
    board.flush().unwrap();
    drop(board);
    let kept = shmstate_durable::verify(&store).unwrap();
    assert!(kept.bytes().ends_with(&7u64.to_ne_bytes()));
}
