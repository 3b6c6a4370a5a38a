//! Files that may only be read.

use shmstate_durable::{DurableState, Error};
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Where a process that has no rights of its own finds the files.
const CHILD: &str = "SHMSTATE_DURABLE_READER";

/// A user that owns nothing.
const OTHER_USER: u32 = 65534;

/// Where a process finds a store on a file system that is mounted read-only.
const READ_ONLY: &str = "SHMSTATE_DURABLE_READ_ONLY";

/// A child, unless it is the test that runs this.
#[test]
fn child() {
    if let Some(dir) = std::env::var_os(CHILD) {
        look_at(Path::new(&dir));
    }
    if let Some(dir) = std::env::var_os(READ_ONLY) {
        let dir = Path::new(&dir);
        for (name, part) in [("number", "cannot open"), ("other", "cannot create")] {
            let why = DurableState::<u64>::open(dir.join(name), dir.join("stores")).unwrap_err().to_string();
            assert!(why.contains(part) && why.contains("mounted read-only: mount it for writing"), "{why}");
            assert!(!why.contains("let the user"), "{why}");
        }
    }
}

/// Rights do not help.
#[test]
fn a_store_on_a_file_system_that_is_mounted_read_only_says_so() {
    let dir = tempfile::tempdir().unwrap();
    drop(DurableState::<u64>::open(dir.path().join("number"), dir.path().join("kept")).unwrap());
    shmstate_durable::remove(dir.path().join("number")).unwrap();
    fs::create_dir(dir.path().join("stores")).unwrap();
    // What this mounts goes with it.
    let alone = |script: &str| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--map-root-user", "--mount", "sh", "-ec", script]).arg(std::env::current_exe().unwrap());
        unshare.current_dir(dir.path()).env(READ_ONLY, dir.path()).output()
    };
    let mounted = "mount -t tmpfs -o size=16m none stores; cp kept/number.redb stores; mount -o remount,ro stores";
    if !alone(mounted).is_ok_and(|output| output.status.success()) {
        println!("skipped: nothing can be mounted here");
        return;
    }
    let output = alone(&format!("{mounted}; exec \"$0\" child --exact")).unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn look_at(dir: &Path) {
    let backup = dir.join("backup");
    assert_eq!(shmstate_durable::verify(&backup).unwrap().value().as_u64().unwrap(), 7);
    assert_eq!(shmstate_durable::restore(&backup, dir.join("other"), dir.join("others")).unwrap(), 1);
    let number = DurableState::<u64>::open(dir.join("other"), dir.join("others")).unwrap();
    number.update(|n| *n = 8).unwrap();
    number.restore(&backup).unwrap();
    assert_eq!(number.read(|n| *n).unwrap(), 7);
    // What is to be written has to be writable, and the error says so.
    fs::create_dir(dir.join("stores")).unwrap();
    fs::hard_link(&backup, dir.join("stores/number.redb"))
        .or_else(|_| fs::copy(&backup, dir.join("stores/number.redb")).map(drop))
        .unwrap();
    let why = DurableState::<u64>::open(dir.join("number"), dir.join("stores")).unwrap_err();
    assert!(matches!(why, Error::Store { .. }) && why.to_string().contains("read and write the file"), "{why}");
}

#[test]
fn a_backup_that_may_only_be_read_is_verified_and_restored() {
    let dir = tempfile::tempdir().unwrap();
    let backup = dir.path().join("backup");
    let number = DurableState::<u64>::open(dir.path().join("n"), dir.path().join("n-stores")).unwrap();
    number.update_durable(|n| *n = 7).unwrap();
    number.backup(&backup).unwrap();
    let allow = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    allow(&backup, 0o444);
    if OpenOptions::new().write(true).open(&backup).is_err() {
        return look_at(dir.path());
    }
    // This user may do anything: another one looks, which may not even get to this program.
    allow(dir.path(), 0o777);
    let program = dir.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    allow(&program, 0o755);
    let mut child = Command::new(&program);
    child.args(["child", "--exact"]).env(CHILD, dir.path()).current_dir(dir.path()).uid(OTHER_USER).gid(OTHER_USER);
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
