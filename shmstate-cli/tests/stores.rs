//! `backup`, `restore` and `verify` of stores.

use assert_cmd::Command;
use shmstate_durable::DurableState;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

struct Fixture(tempfile::TempDir);

impl Fixture {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program; returns its exit status, and what it printed.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let mut command = Command::cargo_bin("shmstate").unwrap();
        let output = command.env("SHMSTATE_DIR", self.path("")).current_dir(self.path("")).args(args).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), printed)
    }

    fn open(&self) -> DurableState<u64> {
        DurableState::open(self.path("number"), self.path("stores")).unwrap()
    }
}

#[track_caller]
fn says((status, printed): (i32, String), expected: i32, part: &str) {
    assert!(status == expected && printed.contains(part), "{status}: {printed}");
}

#[test]
fn a_state_is_backed_up_while_it_is_used_and_restored() {
    let fixture = Fixture(tempfile::tempdir().unwrap());
    let number = fixture.open();
    number.update_durable(|n| *n = 7).unwrap();
    says(fixture.run(&["backup", "number", "monday.redb"]), 0, "version 1 is in monday.redb");
    says(fixture.run(&["backup", "number", "monday.redb"]), 7, "there is a file already");
    says(fixture.run(&["backup", "nothing", "tuesday.redb"]), 3, "nothing");
    for missing in [["verify", "nothing.redb"].as_slice(), &["backup", "nowhere/nothing.redb", "tuesday.redb"]] {
        says(fixture.run(missing), 3, "the store is not there");
    }
    says(fixture.run(&["verify", "stores/number.redb"]), 5, "another process has the store open");
    says(fixture.run(&["backup", "stores/number.redb", "tuesday.redb"]), 5, "another process has the store open");
    number.update_durable(|n| *n = 8).unwrap();
    drop(number);
    says(fixture.run(&["verify", "stores/number.redb"]), 0, "sound: a store of `u64`, version 2");
    says(fixture.run(&["backup", "stores/number.redb", "tuesday.redb"]), 0, "version 2 is in tuesday.redb");
    says(fixture.run(&["restore", "monday.redb", "number", "stores"]), 7, "there is a file already");

    std::fs::remove_file(fixture.path("stores/number.redb")).unwrap();
    says(fixture.run(&["restore", "monday.redb", "number", "stores"]), 0, "version 1 is the store of `number`");
    let refused = DurableState::<u64>::open(fixture.path("number"), fixture.path("stores")).unwrap_err();
    assert!(refused.to_string().contains("of two states"), "{refused}");
    says(fixture.run(&["rm", "number"]), 0, "");
    assert_eq!(fixture.open().read(|n| *n).unwrap(), 7);
}

#[test]
fn what_is_damaged_or_missing_has_its_status() {
    let fixture = Fixture(tempfile::tempdir().unwrap());
    fixture.open().update(|n| *n = 7).unwrap();
    let store = fixture.path("stores/number.redb");
    damage(&store);
    says(fixture.run(&["verify", "stores/number.redb"]), 1, "damaged: ");
    says(fixture.run(&["restore", "stores/number.redb", "other", "stores"]), 4, "the store is damaged");
    assert!(!fixture.path("stores/other.redb").exists());
    says(fixture.run(&["restore", "nowhere.redb", "other", "stores"]), 3, "the store is not there");
}

#[test]
fn an_export_replaces_no_part_of_a_state() {
    let fixture = Fixture(tempfile::tempdir().unwrap());
    let number = fixture.open();
    number.update_durable(|n| *n = 7).unwrap();
    says(fixture.run(&["backup", "number", "monday.redb"]), 0, "");
    for part in ["number", "number.durable", "number.wanted", "stores/number.redb", "monday.redb"] {
        let before = std::fs::metadata(fixture.path(part)).unwrap();
        says(fixture.run(&["export", "number", part]), 7, "which an export does not replace: export to another file");
        assert_eq!(std::fs::metadata(fixture.path(part)).unwrap().ino(), before.ino(), "{part}");
    }
    number.update_durable(|n| *n = 8).unwrap();
    for _ in 0..2 {
        says(fixture.run(&["export", "number", "number.json"]), 0, "");
    }
}

/// Changes a byte of the page that has the number.
fn damage(store: &Path) {
    let mut bytes = std::fs::read(store).unwrap();
    let page: Vec<usize> = (0..bytes.len() - 16).filter(|at| bytes[at + 8..at + 16] == 7u64.to_le_bytes()).collect();
    for at in page {
        bytes[at + 8] = 9;
    }
    std::fs::write(store, bytes).unwrap();
}

/// A shell can say how long the files of a process may be. A longer one is an error that says so, and nothing is left.
#[test]
fn a_file_that_may_not_be_that_long_is_an_error() {
    let fixture = Fixture(tempfile::tempdir().unwrap());
    fixture.open().update_durable(|n| *n = 7).unwrap();
    let names = || {
        let found = fixture.path("").read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        found.collect::<std::collections::BTreeSet<_>>()
    };
    let before = names();
    let program = env!("CARGO_BIN_EXE_shmstate");
    for (limit, what) in [
        (16, "backup number monday.redb"),
        (16, "restore stores/number.redb other ."),
        (0, "export number monday.json"),
    ] {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("ulimit -f {limit}; exec {program} {what}")]);
        let output = shell.env("SHMSTATE_DIR", fixture.path("")).current_dir(fixture.path("")).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(7) && said.contains("ulimit -f"), "{what}: {}: {said}", output.status);
        assert_eq!(names(), before, "{what}");
    }
    // The output is such a file, too.
    let mut shell = std::process::Command::new("sh");
    let printed = std::fs::File::create(fixture.path("printed")).unwrap();
    shell.args(["-c", &format!("ulimit -f 0; exec {program} show number")]).stdout(printed);
    let output = shell.env("SHMSTATE_DIR", fixture.path("")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(7) && said.contains("ulimit -f"), "{}: {said}", output.status);
}
