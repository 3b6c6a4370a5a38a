//! What the bench says before it measures: which peers are missing, and what it cannot do.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The bench, on a machine without any program to start.
fn bench(arguments: &[&str]) -> Command {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    bench.args(arguments).env("PATH", "/nowhere").stdin(Stdio::null());
    bench
}

/// What it says when it refuses to begin.
fn refusal(arguments: &[&str]) -> String {
    let output = bench(arguments).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The notes that come before the first line of progress.
fn notes() -> Vec<String> {
    let mut bench = bench(&["--quick"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(bench.stderr.take().unwrap()).lines().map(Result::unwrap);
    let notes = lines.take_while(|line| line.starts_with("note: ")).collect();
    bench.kill().unwrap();
    bench.wait().unwrap();
    notes
}

#[test]
fn who_is_missing_is_skipped_with_a_note() {
    let notes = notes();
    for name in ["Python Array", "Python ShareableList", "Python Manager().list()"] {
        let note = format!("note: {name} is left out: there is no python3");
        assert!(notes.iter().any(|line| line.starts_with(&note)), "{notes:?}");
    }
    let built = notes.iter().all(|line| !line.contains("SQLite"));
    assert_eq!(built, cfg!(feature = "peers"), "{notes:?}");
}

#[test]
fn who_is_asked_for_and_missing_is_an_error() {
    let said = refusal(&["--only", "ours,python-array"]);
    assert!(said.contains("Python Array cannot be measured: there is no python3"), "{said}");
    if cfg!(not(feature = "peers")) {
        let said = refusal(&["--only", "lmdb"]);
        assert!(said.contains("LMDB cannot be measured: the bench was built without its feature `peers`"), "{said}");
    }
}

#[test]
fn names_that_nobody_has_are_answered_with_those_that_there_are() {
    let said = refusal(&["--only", "redis"]);
    assert!(said.contains("redis") && said.contains("mmap-sync") && said.contains("python-manager"), "{said}");
    let said = refusal(&["--like", "nonsense"]);
    assert!(said.contains("no table has \"nonsense\" in its title"), "{said}");
    let said = refusal(&["--fast"]);
    assert!(said.contains("--fast") && said.contains("--help"), "{said}");
}

#[test]
fn what_cannot_be_written_is_known_before_anything_is_measured() {
    assert!(refusal(&["--charts", "/proc/charts"]).contains("cannot make the folder /proc/charts"));
    assert!(refusal(&["--markdown", "/proc/tables.md"]).contains("cannot write /proc/tables.md"));
    assert!(refusal(&["--readme", "/proc/README.md"]).contains("cannot write /proc/README.md"));
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/README.md");
    std::fs::write(file, "nothing to write between\n").unwrap();
    let said = refusal(&["--readme", file]);
    assert!(said.contains("README.md has no lines `<!-- bench -->` and `<!-- /bench -->`"), "{said}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "nothing to write between\n");
}

#[cfg(feature = "containers")]
#[test]
fn every_row_of_the_bench_of_states_runs() {
    let output = Command::new(env!("CARGO_BIN_EXE_state")).arg("--once").output().unwrap();
    let tables = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for row in
        ["update one item + counter", "sorted: insert and remove", "blob: write 16 bytes", "archived: read a number"]
    {
        assert!(tables.contains(row), "{row} is missing: {tables}");
    }
}
