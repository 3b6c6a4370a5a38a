//! Room for regions: what a file system, a control group and the machine have left, and which process gets it.

use shmstate::{List, State};
use shmstate_tests::{Cgroup, Child, PATIENCE, child, eventually, has_proc, scratch_dir};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// 12 MiB in three copies.
type Cache = List<u64, { 1 << 19 }>;

/// Whether the child did its part; otherwise the reason is printed.
fn done(child: Child) -> bool {
    let lines = child.succeed();
    if lines[0] == "skip" {
        println!("skipped: {}", lines[1]);
        return false;
    }
    assert_eq!(lines, ["done"]);
    true
}

#[test]
fn a_region_that_is_larger_than_its_file_system_takes_none_of_it() {
    let dir = scratch_dir();
    done(child!["room", "small-tmpfs", dir.path()]);
}

/// The kernel would kill the process, and might kill others of the group.
#[test]
fn a_region_that_is_larger_than_the_memory_of_a_control_group_is_refused() {
    let group = match Cgroup::new(32 << 20) {
        Ok(group) => group,
        Err(why) => return println!("skipped: {why}"),
    };
    let dir = scratch_dir();
    let paths = format!("{},{}", group.procs().display(), dir.path().display());
    done(child!["room", "group", paths]);
}

/// Each would reserve a region of its own, and there is room for five.
#[test]
fn workers_that_start_together_all_get_in() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    done(child!["room", "herd", dir.path()]);
}

#[test]
fn a_region_is_created_while_another_one_is_filled() {
    let dir = scratch_dir();
    done(child!["room", "nested", dir.path()]);
}

/// A lock on the directory, of whatever process, keeps no other one longer than the deadline.
#[test]
fn a_creator_that_is_stopped_is_in_nobodys_way() {
    let dir = scratch_dir();
    let path = dir.path().join("region");
    let mut stopped = child!["room", "stays-in-init", path];
    stopped.expect("in");
    stopped.stop();
    let state = State::<Cache>::options().timeout(Duration::from_millis(50)).open_or_create(&path).unwrap();
    state.update(|list| list.push(1).unwrap()).unwrap();
    stopped.signal(libc::SIGCONT);
    stopped.go();
    // It has filled its own in vain.
    stopped.expect("[1]");
    stopped.go();
    let _ = stopped.succeed();
}

/// The lock goes with the creator: neither its corpse nor its child has it.
#[test]
fn a_creator_that_dies_is_in_nobodys_way() {
    let dir = scratch_dir();
    let path = dir.path().join("region");
    // Longer than any test's patience, so that a wait would be noticed.
    let open = || State::<Cache>::options().timeout(PATIENCE * 10).open_or_create(&path);
    let mut killed = child!["room", "stays-in-init", path];
    killed.expect("in");
    killed.kill();
    drop(open().unwrap());
    shmstate::remove(&path).unwrap();
    let fork = child!["room", "forks-in-init", path];
    eventually("the creator is dead", || !Path::new(&format!("/proc/{}/fd/0", fork.pid())).exists());
    drop(open().unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "something was left behind");
}

/// On a kernel that undoes what it has reserved when a signal comes: here played by a library that is loaded before the C
/// library.
#[test]
fn a_process_with_a_profilers_timer_can_create_a_region() {
    let dir = scratch_dir();
    let library = dir.path().join("undo_fallocate.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/undo_fallocate.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source);
    if !compiler.status().is_ok_and(|status| status.success()) {
        return println!("skipped: no C compiler");
    }
    let mut profiled = Command::new(env!("CARGO_BIN_EXE_child"));
    profiled.args(["room", "profiled"]).arg(dir.path().join("region"));
    // A process that begins the same piece anew for ever prints nothing, and the wait for a line is shorter than that for an end.
    let child = Child::start_command(profiled.env("LD_PRELOAD", &library));
    assert_eq!(child.line().as_deref(), Some("done"));
}
