//! What it takes to look at a region of 1 GiB: counted in pages, not in time. One test in a program of its own, because the
//! system counts for all children together.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use shmstate::{List, SharedLayout, State, Text};
use std::path::Path;
use std::process::Command;

#[derive(SharedLayout)]
#[repr(C)]
struct Samples<const N: usize> {
    name: Text<16>,
    first: List<u64, 100>,
    samples: List<u64, N>,
    last: u64,
}

fn usage() -> Usage {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap()
}

/// Page faults of the program, and what it prints.
fn run(dir: &Path, args: &[&str]) -> (i64, String) {
    let before = usage().minor_page_faults() + usage().major_page_faults();
    let output = Command::new(env!("CARGO_BIN_EXE_shmstate")).env("SHMSTATE_DIR", dir).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    let after = usage().minor_page_faults() + usage().major_page_faults();
    (after - before, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn to_look_at_a_part_takes_as_much_as_the_part() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    // Two copies of 512 MiB each, of which nearly all is a hole.
    const MANY: usize = 64 * 1024 * 1024;
    let large = State::<Samples<MANY>>::options().copies(2).ignore_memory_limits(true).create(dir.join("large"));
    let large = large.unwrap();
    let small = State::<Samples<1000>>::options().copies(2).create(dir.join("small")).unwrap();
    small.update(|s| s.samples.extend(0..1000)).unwrap();
    large.update(|s| s.samples.extend(0..10_000_000)).unwrap();
    // The next one to write into each of the copies has to take that over.
    (0..4).for_each(|n| large.update(|s| s.last = n).unwrap());
    for args in [
        &["show", "NAME"][..],
        &["get", "NAME", "last"],
        &["get", "NAME", "samples[999]"],
        &["stat", "NAME"],
        &["schema", "NAME"],
        &["ls", "--rate-ms", "1"],
        &["set", "NAME", "last", "9", "--dry-run"],
    ] {
        let of = |name: &str| {
            let args: Vec<&str> = args.iter().map(|arg| if *arg == "NAME" { name } else { *arg }).collect();
            run(dir, &args)
        };
        let ((few, _), (many, shown)) = (of("small"), of("large"));
        println!("{args:?}: {few} page faults, of 1 GiB {many}");
        assert!(!shown.is_empty());
        // 500 pages are 2 MiB; the state has 131 072.
        assert!(many < few + 500, "{args:?}: {many} page faults, {few} for a small region\n{shown}");
    }
}
