//! Room for regions: what a file system, a control group and the machine have left, and who gets it.

use shmstate_tests::{Actor, Cgroup, actor, scratch_dir};

/// Whether the actor did its part; otherwise the reason is printed.
fn done(actor: Actor) -> bool {
    let lines = actor.succeed();
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
    done(actor!["room", "small-tmpfs", dir.path()]);
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
    done(actor!["room", "group", paths]);
}
