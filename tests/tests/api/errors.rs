//! Every kind of error, and what its message says to do.

use shmstate::{Error, ErrorKind, List, SharedLayout, State, Text};
use shmstate_tests::{Child, Fixture, PATIENCE, child, scratch_dir};
use std::error::Error as _;
use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

fn fixture() -> (TempDir, PathBuf, State<Fixture>) {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::create(&path).unwrap();
    (dir, path, fixture)
}

/// The error has that kind, and its message all these parts.
#[track_caller]
fn check<T>(result: Result<T, Error>, kind: ErrorKind, parts: &[&str]) {
    let Err(error) = result else { panic!("no error, but {kind:?} was due") };
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

fn is_root() -> bool {
    // SAFETY: no pointers.
    unsafe { libc::geteuid() == 0 }
}

/// What a child prints that tried under a limit: kind, message, source.
fn limited(what: &str, value: u64, path: &Path) -> Option<Vec<String>> {
    let lines = child!["limit", what, value.to_string(), path].succeed();
    if lines[0] == "skip" {
        println!("skipped: {}", lines[1]);
        return None;
    }
    Some(lines)
}

#[test]
fn not_found() {
    let dir = scratch_dir();
    let path = dir.path().join("none");
    let name = path.display().to_string();
    check(State::<Fixture>::open(&path), ErrorKind::NotFound, &[&name, "create it first", "`open_or_create`"]);
    check(shmstate::remove(&path), ErrorKind::NotFound, &[&name]);
    let path = dir.path().join("no/such/fixture");
    for result in
        [State::<Fixture>::open(&path), State::<Fixture>::create(&path), State::<Fixture>::open_or_create(&path)]
    {
        check(result, ErrorKind::NotFound, &["no/such`", "no directory", "make it first"]);
    }
}

#[test]
fn already_exists() {
    let (_dir, path, _world) = fixture();
    let name = path.display().to_string();
    check(State::<Fixture>::create(&path), ErrorKind::AlreadyExists, &[&name, "`open_or_create`", "remove it first"]);
}

mod other {
    use super::*;

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Fixture {
        pub steps: u64,
        pub digest: u64,
        pub counts: [u64; 5],
        pub motto: Text<32>,
        pub left: List<u32, 64>,
        pub right: List<u64, 65>,
    }
}

#[test]
fn layout_mismatch() {
    let (_dir, path, fixture) = fixture();
    let before = fs::read(&path).unwrap();
    let lines = [
        "holds another layout",
        "  field        the file has             the program has  a migration\n",
        "  counts       [u64; 4]                 [u64; 5]         kept: has more room\n",
        "  motto        Text<64>                 Text<32>         kept if it fits\n",
        "  left         List<u64, 64>            List<u32, 64>    lost: another type\n",
        "  right        List<u64, 64>            List<u64, 65>    kept: has more room\n",
        "  hash         u64                      -                lost: no such field\n",
        "  digest       -                        u64              new: as in a new state\n",
        "run the program that made it; or, if its content is not needed",
        "with `open_or_replace`; or carry it over (cargo feature `dynamic`):\n",
        "\n  State::<Fixture>::options().migrate(Migrate::AllowLoss(&[\"hash\", \"spots\", \"rows\", \"spare\", \
         \"people\", \"steps_again\", \"left\"])).open(\"",
    ];
    check(State::<other::Fixture>::open(&path), ErrorKind::LayoutMismatch, &lines);
    check(State::<other::Fixture>::open_or_create(&path), ErrorKind::LayoutMismatch, &lines);
    let lines = ["(the state)  Fixture       [u64; 8]         lost: another type\n", "State::<[u64; 8]>::options()"];
    check(State::<[u64; 8]>::open(&path), ErrorKind::LayoutMismatch, &lines);
    assert!(fs::read(&path).unwrap() == before, "refused without a trace");
    fixture.update(Fixture::step).unwrap();
}

#[test]
fn corrupt() {
    let (_dir, path, fixture) = fixture();
    drop(fixture);
    fs::write(&path, "no region").unwrap();
    let name = path.display().to_string();
    check(State::<Fixture>::open(&path), ErrorKind::Corrupt, &[&name, "is not a sound region", "delete the file"]);
}

#[test]
fn unknown_format() {
    let (_dir, path, fixture) = fixture();
    drop(fixture);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 77;
    fs::write(&path, bytes).unwrap();
    let parts = ["has format 77", "knows format 1", "use the version that made it", "`open_or_replace`", "`remove`"];
    check(State::<Fixture>::open(&path), ErrorKind::UnknownFormat, &parts);
}

#[test]
fn not_a_file() {
    let dir = scratch_dir();
    let parts = ["a directory, not a plain file", "a region is a file of its own"];
    check(State::<Fixture>::open(dir.path()), ErrorKind::NotAFile, &parts);
}

#[test]
fn busy_because_of_a_writer_that_is_stopped() {
    let (_dir, path, fixture) = fixture();
    fixture.update(Fixture::step).unwrap();
    let mut writer = child!["hold-update", path];
    writer.expect("in");
    writer.stop();
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(50)).open(&path).unwrap();
    let pid = format!("process {}", writer.pid());
    let parts =
        ["is being updated by", &pid, "\"child\"", "raise `timeout`", "nothing is taken from a process that lives"];
    for _ in 0..3 {
        check(hasty.update(|_| panic!("it does not run")), ErrorKind::Busy, &parts);
    }
    // Readers do not notice, nor do processes that attach and leave.
    assert!(fixture.read(|s| *s == *Fixture::at(1)).unwrap());
    assert_eq!(State::<Fixture>::open(&path).unwrap().snapshot().unwrap().steps, 1);
    writer.signal(libc::SIGCONT);
    check(hasty.update(|_| panic!("it does not run")), ErrorKind::Busy, &parts);
    writer.go();
    writer.expect("out");
    assert!(fixture.read(|s| *s == *Fixture::at(2)).unwrap(), "nothing was stolen");
    hasty.update(Fixture::step).unwrap();
    assert!(fixture.read(|s| *s == *Fixture::at(3)).unwrap());
}

#[test]
fn busy_because_of_a_thread() {
    let (_dir, path, fixture) = fixture();
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(20)).open(&path).unwrap();
    let pid = format!("process {}", std::process::id());
    fixture
        .update(|_| {
            std::thread::scope(|scope| {
                scope.spawn(|| check(hasty.update(|_| ()), ErrorKind::Busy, &[&pid]));
            });
        })
        .unwrap();
    // The lock's own handle, too, on another thread.
    hasty
        .update(|_| {
            std::thread::scope(|scope| {
                scope.spawn(|| check(hasty.update(|_| ()), ErrorKind::Busy, &[&pid]));
            });
        })
        .unwrap();
    hasty.update(Fixture::step).unwrap();
}

#[test]
fn busy_because_of_readers_that_are_stopped() {
    let (_dir, path, fixture) = fixture();
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(50)).open(&path).unwrap();
    let mut readers = Vec::<Child>::new();
    for version in 0..2 {
        let reader = child!["hold-read", path];
        reader.expect("in");
        reader.stop();
        readers.push(reader);
        // One that stays hinders no process.
        let updates = if version == 0 { 2000 } else { 1 };
        (0..updates).for_each(|_| hasty.update(Fixture::step).unwrap());
    }
    // Both copies but the active one are held: one by version 0, one by version 2000.
    let pids = readers.iter().map(|reader| format!("process {}", reader.pid())).collect::<Vec<_>>();
    let parts =
        ["every copy", "is held by a reader", &pids[0], &pids[1], "keep `read` closures short", "more `copies`"];
    for _ in 0..3 {
        check(hasty.update(|_| panic!("it does not run")), ErrorKind::Busy, &parts);
    }
    assert!(fixture.read(|s| *s == *Fixture::at(2001)).unwrap());
    let mut second = readers.pop().unwrap();
    second.signal(libc::SIGCONT);
    second.go();
    second.expect("2000");
    (0..100).for_each(|_| hasty.update(Fixture::step).unwrap());
    let mut first = readers.pop().unwrap();
    first.signal(libc::SIGCONT);
    first.go();
    first.expect("0");
    (0..100).for_each(|_| hasty.update(Fixture::step).unwrap());
    assert!(fixture.read(|s| *s == *Fixture::at(2201)).unwrap());
}

#[test]
fn busy_because_all_handles_are_taken() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().handles(3).create(&path).unwrap();
    let mut other = child!["hold", path, "2"];
    other.expect("in");
    let (mine, theirs) = (format!("process {}", std::process::id()), format!("process {}", other.pid()));
    let parts = ["all 3 handles", &mine, &theirs, "\"child\"", "drop some", "more `handles`"];
    let hasty = || State::<Fixture>::options().timeout(Duration::from_millis(20));
    check(hasty().open(&path), ErrorKind::Busy, &parts);
    check(hasty().open_or_create(&path), ErrorKind::Busy, &parts);
    other.go();
    let _ = other.succeed();
    let more = [hasty().open(&path).unwrap(), fixture.try_clone().unwrap()];
    check(hasty().open(&path), ErrorKind::Busy, &["all 3 handles", &mine]);
    drop(more);
    let _again = fixture.try_clone().unwrap();
}

#[test]
fn busy_because_of_one_that_is_opening() {
    let (_dir, path, fixture) = fixture();
    drop(fixture);
    // As a process does that makes the region clean, and does not get on: the population byte.
    let file = fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    // SAFETY: a struct of integers.
    let mut flock: libc::flock = unsafe { std::mem::zeroed() };
    (flock.l_type, flock.l_start, flock.l_len) = (libc::F_WRLCK as libc::c_short, 0x4000_0000_0000_0000, 1);
    // SAFETY: an open file and an initialised struct.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const flock) }, 0);
    let hasty = || State::<Fixture>::options().timeout(Duration::from_millis(50));
    check(hasty().open(&path), ErrorKind::Busy, &["another process has not finished opening", "try again"]);
    drop(file);
    let _world = hasty().open(&path).unwrap();
}

#[test]
fn full() -> Result<(), Error> {
    let (_dir, _, fixture) = fixture();
    let long = "x".repeat(65);
    let result = (|| {
        fixture.try_update(|s| {
            s.steps = 7;
            s.motto.push_str(&long)
        })??;
        Ok(())
    })();
    check(result, ErrorKind::Full, &["the text is full: it holds at most 64", "65 were needed"]);
    assert!(fixture.read(|s| *s == *Fixture::first())?, "nothing of it is there");
    let result: Result<(), Error> = (|| {
        let verdict = fixture.try_update(|s| (0..100).try_for_each(|i| s.left.push(i)))?;
        Ok(verdict?)
    })();
    check(result, ErrorKind::Full, &["the list is full: it holds at most 64"]);
    Ok(())
}

#[test]
fn reentrant() {
    let (dir, path, fixture) = fixture();
    let linked = dir.path().join("link");
    fs::hard_link(&path, &linked).unwrap();
    let handles = [fixture.try_clone().unwrap(), State::<Fixture>::open(&linked).unwrap(), fixture];
    let elsewhere = State::<Fixture>::create(dir.path().join("elsewhere")).unwrap();
    let parts = [
        "an update of the region",
        "inside of a `read`, `update` or migration closure of the same region",
        "do it after the closure",
    ];
    for outer in &handles {
        for inner in &handles {
            let refused = || {
                check(inner.update(|_| panic!("it does not run")), ErrorKind::Reentrant, &parts);
                elsewhere.update(Fixture::step).unwrap();
                elsewhere.update(|_| check(inner.update(|_| ()), ErrorKind::Reentrant, &parts)).unwrap();
            };
            outer.read(|_| refused()).unwrap();
            outer.update(|s| (s.step(), refused()).1).unwrap();
            outer.read(|_| outer.read(|_| refused()).unwrap()).unwrap();
            let out = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                outer.read(|_| std::panic::resume_unwind(Box::new("out"))).unwrap()
            }));
            assert!(out.is_err());
            inner.update(Fixture::step).unwrap();
        }
    }
    assert!(handles[0].read(|s| *s == *Fixture::at(18)).unwrap());
}

#[test]
fn forked() {
    let (_dir, path, _world) = fixture();
    // The checks are in the child: kind and message for each method.
    assert_eq!(child!["fork", "handle", path].succeed(), ["done"]);
}

#[test]
fn no_space_because_of_a_limit() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let lines = limited("file-size", 8192, &path).unwrap();
    assert_eq!(lines[0], "NoSpace", "{lines:?}");
    assert!(
        lines[1].contains("no room for the") && lines[1].contains("make room, or take fewer `copies`"),
        "{lines:?}"
    );
    assert!(lines[2].contains("File too large"), "{lines:?}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn no_space_because_the_file_system_is_full() {
    let dir = scratch_dir();
    let Some(lines) = limited("mount", 32768, dir.path()) else { return };
    assert_eq!(lines[0], "NoSpace", "{lines:?}");
    assert!(lines[2].contains("No space left"), "{lines:?}");
    let lines = limited("mount", 1 << 20, dir.path()).unwrap();
    assert_eq!(lines, ["Ok", "0"]);
}

#[test]
fn permission_because_others_may_write_it() {
    let (_dir, path, fixture) = fixture();
    for mode in [0o660, 0o606, 0o620, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let parts = [format!("mode {mode:o} lets other users write it"), format!("`.mode(0o{mode:o})`")];
        let parts = [&parts[0], &parts[1], "take the right away"];
        check(State::<Fixture>::open(&path), ErrorKind::Permission, &parts);
        // As the message says.
        let _ = State::<Fixture>::options().mode(mode).open(&path).unwrap();
    }
    // A user that can read it can lock its bytes.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let parts = ["mode 644 lets other users read it", "lock it against", "`.mode(0o644)`"];
    check(State::<Fixture>::open(&path), ErrorKind::Permission, &parts);
    let _ = State::<Fixture>::options().mode(0o644).open(&path).unwrap();
    drop(fixture);
}

#[test]
fn permission_because_of_the_owner() {
    let (dir, path, fixture) = fixture();
    if !is_root() {
        return println!("skipped: only root can give files away");
    }
    chown(&path, Some(12345), None).unwrap();
    let parts = ["belongs to user 12345", "`.mode(0o660)`"];
    check(State::<Fixture>::open(&path), ErrorKind::Permission, &parts);
    check(State::<Fixture>::open_or_create(&path), ErrorKind::Permission, &parts);
    let _ = State::<Fixture>::options().mode(0o660).open(&path).unwrap();
    // That of another group is open to all.
    chown(&path, None, Some(12345)).unwrap();
    check(
        State::<Fixture>::options().mode(0o660).open(&path),
        ErrorKind::Permission,
        &["`.mode(0o666)`, for those of all users"],
    );
    let _ = State::<Fixture>::options().mode(0o666).open(&path).unwrap();
    chown(&path, Some(0), Some(0)).unwrap();
    // Users that the system refuses.
    const UNPRIVILEGED: u64 = 65534;
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let lines = limited("user", UNPRIVILEGED, &path).unwrap();
    assert_eq!(lines[0], "Permission", "{lines:?}");
    assert!(
        lines[1].contains("does not let this process open it") && lines[2].contains("Permission denied"),
        "{lines:?}"
    );
    let lines = limited("user", UNPRIVILEGED, &dir.path().join("new")).unwrap();
    assert_eq!(lines[0], "Permission", "{lines:?}");
    assert!(lines[1].contains("does not let this process create it"), "{lines:?}");
    drop(fixture);
}

#[test]
fn invalid_name() {
    let long = "x".repeat(256);
    for name in ["", "/", ".", "..", "a/", "/tmp/", "/tmp/..", "a\0b", "/tmp/a\0b", &long] {
        check(State::<Fixture>::open(name), ErrorKind::InvalidName, &["cannot be a region's name: it "]);
        check(State::<Fixture>::create(name), ErrorKind::InvalidName, &["cannot be a region's name: it "]);
        check(shmstate::remove(name), ErrorKind::InvalidName, &["cannot be a region's name: it "]);
    }
}

#[derive(SharedLayout)]
#[repr(C)]
struct Huge {
    items: [[[u64; 1 << 20]; 1 << 20]; 1024],
}

#[test]
fn invalid_option() {
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let options = State::<Fixture>::options;
    let kind = ErrorKind::InvalidOption;
    for copies in [0, 1, 9, usize::MAX] {
        check(options().copies(copies).create(&path), kind, &[&format!("`copies({copies})`"), "2 to 8"]);
    }
    for handles in [0, 65537, usize::MAX] {
        check(options().handles(handles).create(&path), kind, &[&format!("`handles({handles})`"), "1 to 65536"]);
    }
    for mode in [0, 0o400, 0o200, 0o1600, 0o10600] {
        check(options().mode(mode).create(&path), kind, &["`mode(", "between 0o600 and 0o777"]);
        check(options().mode(mode).open(&path), kind, &["`mode("]);
    }
    check(State::<Huge>::create(&path), kind, &["is too large for a region"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_type_that_is_nested_too_deep() {
    type Eight<T> = [[[[[[[[T; 1]; 1]; 1]; 1]; 1]; 1]; 1]; 1];
    type Deep = Eight<Eight<Eight<Eight<Eight<Eight<Eight<Eight<u8>>>>>>>>;
    let dir = scratch_dir();
    let created = State::<Deep>::create(dir.path().join("deep"));
    check(created, ErrorKind::InvalidOption, &["no region can be made for", "is nested more than 64 deep"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn unsupported() {
    let dir = scratch_dir();
    let Some(lines) = limited("root", 0, dir.path()) else { return };
    assert_eq!(lines[0], "Unsupported", "{lines:?}");
    assert!(lines[1].contains("no tmpfs at /dev/shm") && lines[1].contains("SHMSTATE_DIR"), "{lines:?}");
}

#[test]
fn io() {
    let (_dir, path, _world) = fixture();
    let (mut failed, mut opened) = (0, 0);
    for files in 0..16 {
        let lines = limited("files", files, &path).unwrap();
        if lines[0] == "Ok" {
            opened += 1;
        } else {
            assert_eq!(lines[0], "Io", "{files} descriptors: {lines:?}");
            assert!(lines[1].starts_with("cannot ") && lines[1].contains("Too many open files"), "{lines:?}");
            assert!(lines[2].contains("Too many open files"), "{lines:?}");
            failed += 1;
        }
    }
    assert!(failed >= 5 && opened >= 3, "{failed} failed, {opened} opened");
    let error = State::<Fixture>::options().timeout(PATIENCE).open("/proc/self/comm").unwrap_err(); // any user may write it
    assert!(error.source().is_none(), "{error}");
}
