//! What another user can put into a directory that both may write: refused, with nothing written, opened through, or waited
//! for.

use shmstate::{Error, ErrorKind, State};
use shmstate_tests::{Child, Fixture, SetOnDrop, child, has_proc, scratch_dir};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

/// The attacker.
const MALLORY: u32 = 23456;

/// Another user of the machine.
const UNPRIVILEGED: u32 = 65534;

/// A directory like `/tmp`; `None`, with a word about it, if this process cannot play several users.
fn public() -> Option<TempDir> {
    // SAFETY: no pointers.
    if unsafe { libc::geteuid() } != 0 {
        println!("skipped: only root can be several users");
        return None;
    }
    let dir = scratch_dir();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    Some(dir)
}

/// A sound region of that user, with that mode.
fn region_of(user: u32, mode: u32, path: &Path) {
    let fixture = State::<Fixture>::create(path).unwrap();
    (0..user % 10).for_each(|_| fixture.update(Fixture::step).unwrap());
    drop(fixture);
    chown(path, Some(user), Some(user)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, kind: ErrorKind, part: &str) {
    let Err(error) = result else { panic!("no error, but {kind:?} was due") };
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

/// Kind and message that a child gets as that user.
fn as_user(user: u32, path: &Path) -> Vec<String> {
    child!["limit", "user", user.to_string(), path].succeed()
}

/// The user that wrote the file could make this process misbehave: however sound it looks, whatever its mode says.
#[test]
fn a_region_of_another_user_is_refused() {
    let Some(dir) = public() else { return };
    let path = dir.path().join("board");
    for mode in [0o600, 0o644, 0o660, 0o666, 0o700, 0o777] {
        region_of(MALLORY, mode, &path);
        let before = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
        let owner = format!("belongs to user {MALLORY}, not to this process's");
        refused(State::<Fixture>::open(&path), ErrorKind::Permission, &owner);
        refused(State::<Fixture>::open_or_create(&path), ErrorKind::Permission, &owner);
        refused(State::<Fixture>::options().mode(0o644).open(&path), ErrorKind::Permission, &owner);
        // A group that this process is not in.
        refused(State::<Fixture>::options().mode(0o660).open(&path), ErrorKind::Permission, &owner);
        refused(State::<Fixture>::create(&path), ErrorKind::AlreadyExists, "exists already");
        // Not even to remove or replace it: that takes its locks, which the attacker may hold, in a mapping that may be cut off.
        refused(State::<Fixture>::open_or_replace(&path), ErrorKind::Permission, &owner);
        refused(shmstate::remove(&path), ErrorKind::Permission, &owner);
        // A user that the mode admits is refused because of the owner.
        let said = as_user(UNPRIVILEGED, &path);
        assert_eq!(said[0], "Permission", "{said:?}");
        assert!(mode & 0o006 != 0o006 || said[1].contains(&owner), "{said:?}");
        let after = (fs::read(&path).unwrap(), fs::metadata(&path).unwrap().modified().unwrap());
        assert!(before == after, "refused without a trace");
        // Unless that is what is asked for.
        assert_eq!(State::<Fixture>::options().mode(mode | 0o666).open(&path).unwrap().version().unwrap(), 6);
        fs::remove_file(&path).unwrap();
    }
}

/// An open descriptor, as by `mknod`, `mkfifo`, `bind`, or another name for another user's file.
#[test]
fn whatever_else_lies_under_the_name_is_refused() {
    let Some(dir) = public() else { return };
    let path = dir.path().join("board");
    let secret = dir.path().join("secret");
    let check = |kind: ErrorKind, part: &str| {
        let inode = path.symlink_metadata().unwrap().ino();
        refused(State::<Fixture>::open(&path), kind, part);
        refused(State::<Fixture>::open_or_create(&path), kind, part);
        refused(State::<Fixture>::create(&path), ErrorKind::AlreadyExists, "exists already");
        refused(shmstate::remove(&path), kind, part);
        assert_eq!(path.symlink_metadata().unwrap().ino(), inode, "it is still there");
        let _ = fs::remove_dir(&path).or_else(|_| fs::remove_file(&path));
    };
    let node = |kind: libc::mode_t, device: libc::dev_t| {
        let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: a string that ends in a zero.
        if unsafe { libc::mknod(name.as_ptr(), kind | 0o666, device) } != 0 {
            println!("skipped: no such node: {}", std::io::Error::last_os_error());
            return false;
        }
        chown(&path, Some(MALLORY), None).unwrap();
        true
    };
    // No process is at the other end of the FIFO: a plain open for reading would never return.
    assert!(node(libc::S_IFIFO, 0));
    refused(State::<Fixture>::open_read_only(&path), ErrorKind::NotAFile, "a FIFO");
    check(ErrorKind::NotAFile, "a FIFO");
    for (kind, device) in [(libc::S_IFCHR, libc::makedev(5, 0)), (libc::S_IFBLK, libc::makedev(7, 0))] {
        if node(kind, device) {
            check(ErrorKind::NotAFile, "a device");
        }
    }
    fs::create_dir(&path).unwrap();
    check(ErrorKind::NotAFile, "a directory");
    let socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    check(ErrorKind::NotAFile, "a socket");
    drop(socket);
    // Symbolic links: to a region of this process's own, to nothing, to themselves.
    let own = dir.path().join("own");
    let state = State::<Fixture>::create(&own).unwrap();
    for target in [&own, &secret, &path] {
        symlink(target, &path).unwrap();
        refused(State::<Fixture>::open_read_only(&path), ErrorKind::NotAFile, "a symbolic link");
        check(ErrorKind::NotAFile, "a symbolic link");
    }
    assert!(!secret.exists(), "nothing is made through a link");
    // Hard links: another name for a file of this user's that is no region, or of another user's that is.
    fs::write(&secret, "a secret").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::hard_link(&secret, &path).unwrap();
    check(ErrorKind::Corrupt, "does not begin like a region");
    assert_eq!(fs::read(&secret).unwrap(), b"a secret");
    let theirs = dir.path().join("theirs");
    region_of(UNPRIVILEGED, 0o600, &theirs);
    let before = fs::read(&theirs).unwrap();
    fs::hard_link(&theirs, &path).unwrap();
    check(ErrorKind::Permission, &format!("belongs to user {UNPRIVILEGED}"));
    assert!(fs::read(&theirs).unwrap() == before);
    state.update(Fixture::step).unwrap();
}

/// Renames the files at `path` all the time, each under the name for a moment, as fast as it can.
fn swap(path: &Path, others: &[&PathBuf], stop: &AtomicBool) {
    let name = |path: &Path| std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    let (path, others) = (name(path), others.iter().map(|other| name(other)).collect::<Vec<_>>());
    while !stop.load(Ordering::Relaxed) {
        for other in &others {
            for _ in 0..2 {
                let (a, b) = (path.as_ptr(), other.as_ptr());
                let (cwd, how) = (libc::AT_FDCWD, libc::RENAME_EXCHANGE);
                // SAFETY: strings that end in a zero.
                assert_eq!(unsafe { libc::renameat2(cwd, a, cwd, b, how) }, 0);
            }
        }
    }
}

/// Between a look at the name and the opening of the file, anything may come under it. What is opened is the region, or it
/// is refused; no link is followed, and no open waits for a FIFO's other end.
#[test]
fn what_is_swapped_in_between_is_refused() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    let hidden = dir.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    let path = dir.path().join("board");
    let state = State::<Fixture>::create(&path).unwrap();
    (0..3).for_each(|_| state.update(Fixture::step).unwrap());
    // Only by the link does one get there.
    let behind = State::<Fixture>::create(hidden.join("behind")).unwrap();
    (0..7).for_each(|_| behind.update(Fixture::step).unwrap());
    let others = ["link", "dangling", "fifo", "directory", "socket"].map(|name| dir.path().join(name));
    symlink(hidden.join("behind"), &others[0]).unwrap();
    symlink(hidden.join("nothing"), &others[1]).unwrap();
    let fifo = std::ffi::CString::new(others[2].to_str().unwrap()).unwrap();
    // SAFETY: a string that ends in a zero.
    assert_eq!(unsafe { libc::mkfifo(fifo.as_ptr(), 0o600) }, 0);
    fs::create_dir(&others[3]).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(&others[4]).unwrap();
    // The FIFO most of all, because what it does to an opener shows least.
    let [link, dangling, fifo, directory, socket] = others.each_ref();
    let turns = [link, fifo, dangling, fifo, directory, fifo, socket, fifo];
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| swap(&path, &turns, &stop));
        let _stop = SetOnDrop(&stop);
        let fates: Vec<_> = (0..2)
            .map(|_| child!["machine", "open-often", format!("{}:20000", path.display())])
            .map(Child::fate)
            .collect();
        for fate in fates {
            assert!(fate.status.success(), "{fate:?}");
            println!("{:?}", fate.lines);
            assert!(fate.lines.iter().all(|seen| ["3", "NotAFile"].contains(&&**seen)), "{:?}", fate.lines);
        }
    });
    assert!(!hidden.join("nothing").exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 7, "something was left behind");
}

/// In a directory that belongs to another user, and is sticky, each user has regions of its own.
#[test]
fn in_a_sticky_directory_of_another_user() {
    let Some(dir) = public() else { return };
    chown(dir.path(), Some(MALLORY), Some(MALLORY)).unwrap();
    let path = dir.path().join("board");
    assert_eq!(as_user(UNPRIVILEGED, &path), ["Ok", "0"]);
    assert_eq!(fs::metadata(&path).unwrap().uid(), UNPRIVILEGED);
    assert_eq!(as_user(UNPRIVILEGED, &path), ["Ok", "0"]);
    let said = as_user(12345, &path);
    assert!(said[0] == "Permission" && said[1].contains("does not let this process open it"), "{said:?}");
    refused(State::<Fixture>::open(&path), ErrorKind::Permission, &format!("belongs to user {UNPRIVILEGED}"));
    let own = dir.path().join("own");
    let fixture = State::<Fixture>::create(&own).unwrap();
    fixture.update(Fixture::step).unwrap();
    shmstate::remove(&own).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "something was left behind");
}

/// The directory of bare names, where every user can make names: taken by another user, it is refused.
#[test]
fn the_directory_of_bare_names_was_made_by_another_user() {
    let (Some(elsewhere), home) = (public(), PathBuf::from(format!("/dev/shm/shmstate-{MALLORY}"))) else { return };
    if !Path::new("/dev/shm").is_dir() || home.exists() {
        return println!("skipped: no /dev/shm, or it is in use");
    }
    let bare = || as_user(MALLORY, Path::new("bare"));
    fs::create_dir(&home).unwrap();
    chown(&home, Some(UNPRIVILEGED), Some(MALLORY)).unwrap();
    let mode = |mode| fs::set_permissions(&home, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o700);
    let not_mine = bare();
    chown(&home, Some(MALLORY), None).unwrap();
    mode(0o777);
    let writable_by_all = bare();
    let made = fs::read_dir(&home).unwrap().count();
    fs::remove_dir(&home).unwrap();
    symlink(elsewhere.path(), &home).unwrap();
    let link = bare();
    fs::remove_file(&home).unwrap();
    for (said, part) in
        [(not_mine, format!("belongs to user {UNPRIVILEGED}")), (writable_by_all, "with mode 777".to_owned())]
    {
        assert!(said[0] == "Permission" && said[1].contains(&part) && said[1].contains("SHMSTATE_DIR"), "{said:?}");
    }
    assert!(link[0] == "Io" && link[1].contains("cannot open the directory"), "{link:?}");
    assert_eq!((made, fs::read_dir(elsewhere.path()).unwrap().count()), (0, 0));
}
