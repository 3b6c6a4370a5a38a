//! File systems that a path can lead to: what is refused, and what is not.

use shmstate_tests::{child, has_proc, scratch_dir};

fn on(what: &str) {
    let dir = scratch_dir();
    let lines = child!["file-system", what, dir.path()].succeed();
    match lines[0].as_str() {
        "skip" => println!("skipped: {}", lines[1]),
        _ => assert_eq!(lines, ["done"]),
    }
}

#[test]
fn a_region_in_a_lower_layer_is_not_looked_at_and_one_in_the_upper_layer_is_like_any_other() {
    if !has_proc() {
        return println!("skipped: without /proc, a process cannot start its own program again");
    }
    on("overlayfs");
}

#[test]
fn ramfs() {
    if !has_proc() {
        return println!("skipped: without /proc, a process cannot start its own program again");
    }
    on("ramfs");
}

#[test]
fn hugetlbfs_is_refused() {
    on("hugetlbfs");
}

#[test]
fn no_inode_is_left() {
    on("no-inodes");
}

#[test]
fn a_file_system_that_is_mounted_read_only() {
    on("read-only");
}

#[test]
fn a_directory_that_is_removed_while_a_region_is_made_in_it() {
    on("removed");
}
