//! A short campaign: everything that can happen to a process, at random, and every version accounted for.

use std::process::Command;

#[test]
fn every_version_is_accounted_for() {
    let output = Command::new(env!("CARGO_BIN_EXE_campaign")).args(["--seconds", "12"]).output().unwrap();
    let (table, words) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{table}{words}");
    assert!(output.status.success(), "{}", output.status);
    let last = table.lines().last().unwrap();
    assert!(last.contains("violations") && last.contains(" 0 "), "{last}");
}
