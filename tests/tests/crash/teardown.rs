//! The program that measures how long a death keeps others waiting, on a small region: whatever the death, they go on.

use std::process::Command;

#[test]
fn whatever_a_process_dies_of_the_others_go_on() {
    let out =
        Command::new(env!("CARGO_BIN_EXE_teardown")).args(["--small", "--gib", "2", "--rounds", "2"]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| SIG")).collect();
    assert_eq!(rows.len(), 5, "{text}");
    let cell = |row: usize, column: usize| rows[row].split('|').nth(column).unwrap().trim().parse::<f64>().unwrap();
    assert!((0..5).all(|row| cell(row, 2) == 2.0), "{text}");
    // Untouched, killed, aborted, dumped, dumped whole.
    let [none, without, with] = [2, 3, 4].map(|row| cell(row, 5));
    assert_eq!(none, 0.0, "{text}");
    if with == 0.0 {
        return println!("skipped: cores are not written to files here\n{text}");
    }
    assert!(with - without > 15.0, "the region of 16 MiB is to be left out of core dumps:\n{text}");
}
