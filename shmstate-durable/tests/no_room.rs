//! What a file that cannot grow leaves.

use shmstate::State;
use shmstate_durable::Error;
use std::path::Path;
use std::process::Command;

/// Where a process that may write short files only finds the state.
const CHILD: &str = "SHMSTATE_DURABLE_CHILD";

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
    if let Some(dir) = std::env::var_os(CHILD) {
        let dir = Path::new(&dir);
        let refused = shmstate_durable::backup(dir.join("number"), dir.join("copy")).unwrap_err();
        assert!(matches!(refused, Error::Store { .. }), "{refused}");
    }
}

#[test]
fn a_store_that_finds_no_room_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let number = State::<u64>::create(dir.path().join("number")).unwrap();
    number.update(|n| *n = 7).unwrap();
    // A shell can say how long the files of a process may be: 8 KiB. The signal is ignored, so that the write is an error.
    let limited = "ulimit -f 16; trap '' XFSZ; exec \"$0\" --exact child";
    let this = std::env::current_exe().unwrap();
    // By pipes, because the output of this process may be a file, of which the limit speaks as well.
    let child = Command::new("sh").args(["-c", limited]).arg(this).env(CHILD, dir.path()).output().unwrap();
    assert!(child.status.success(), "{child:?}");
    assert_eq!(names(dir.path()), ["number"]);
    // What was left would have been taken over, too.
    assert_eq!(shmstate_durable::backup(dir.path().join("number"), dir.path().join("copy")).unwrap(), 1);
    assert_eq!(names(dir.path()), ["copy", "number"]);
}
