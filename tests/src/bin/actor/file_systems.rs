//! Regions on other file systems than a tmpfs, each mounted for this process alone.

use crate::limits::mount;
use crate::{open, say};
use shmstate::{Error, ErrorKind, State};
use shmstate_tests::{Actor, World};
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub fn run(what: &str, dir: &str) {
    mount(dir, 32 << 20);
    let dir = Path::new(dir);
    match what {
        "overlayfs" => overlayfs(dir),
        "ramfs" => ramfs(dir),
        "hugetlbfs" => hugetlbfs(dir),
        "no-inodes" => no_inodes(dir),
        "read-only" => read_only(dir),
        "removed" => removed(dir),
        _ => panic!("no such file system: {what}"),
    }
    say("done");
}

/// Mounts a file system; the process ends, with the reason, if the machine does not let it.
fn mount_as(kind: &str, at: &Path, flags: libc::c_ulong, options: &str) {
    let text = |text: &str| CString::new(text).expect("a text");
    let (kind, at, options) = (text(kind), text(at.to_str().expect("a path")), text(options));
    // SAFETY: strings that end in a zero.
    if unsafe { libc::mount(kind.as_ptr(), at.as_ptr(), kind.as_ptr(), flags, options.as_ptr().cast()) } != 0 {
        say(&format!("skip\nno {kind:?}: {}", std::io::Error::last_os_error()));
        std::process::exit(0);
    }
}

fn subdir(dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    fs::create_dir(&path).expect("a directory");
    path
}

#[track_caller]
fn refused<T>(result: Result<T, Error>, kind: ErrorKind, parts: &[&str]) {
    let Err(error) = result else { panic!("no error, but {kind:?} was due") };
    assert_eq!(error.kind(), kind, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "`{part}` is missing in: {error}");
    }
}

/// A writer in another process is noticed while it lives, and when it is dead.
fn writers_meet(path: &Path, world: &State<World>) {
    let (version, recoveries) = (world.version(), world.stats().expect("the counts").recoveries);
    let actor = std::env::current_exe().expect("this program");
    let mut writer = Actor::start(actor, &["hold-update".as_ref(), path.as_os_str()]);
    writer.expect("in");
    let hasty = State::<World>::options().timeout(Duration::from_millis(50)).open(path).expect("a handle");
    refused(hasty.update(|_| panic!("it does not run")), ErrorKind::Busy, &[&format!("process {}", writer.pid())]);
    assert_eq!(world.stats().expect("the counts").recoveries, recoveries, "taken from a living process");
    writer.kill();
    world.update(World::step).expect("an update");
    assert_eq!(world.version(), version + 1);
    assert!(world.read(|s| *s == *World::at(version + 1)).expect("a read"));
}

fn overlayfs(dir: &Path) {
    let [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map(|name| subdir(dir, name));
    let below = lower.join("world");
    let world = State::<World>::create(&below).expect("a world");
    world.update(World::step).expect("an update");
    drop(world);
    let options = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
    mount_as("overlay", &merged, 0, &options);
    let path = merged.join("world");
    // It would look at the lower file for ever.
    let parts = ["lies on overlayfs", "lower layer", "/dev/shm"];
    refused(State::<World>::open_read_only(&path), ErrorKind::Unsupported, &parts);
    assert_eq!(fs::read_dir(&upper).expect("a directory").count(), 0, "it was copied by a reader");
    let world = open(&path);
    let view = State::<World>::open_read_only(&path).expect("a view");
    for steps in 2..5 {
        world.update(World::step).expect("an update");
        assert_eq!(view.snapshot().expect("a snapshot").steps, steps);
    }
    writers_meet(&path, &world);
    assert_eq!(view.snapshot().expect("a snapshot").steps, 5);
    // The lower one is another region.
    assert_eq!(open(&below).version(), 1);
    let new = merged.join("new");
    let created = State::<World>::create(&new).expect("a world");
    created.update(World::step).expect("an update");
    assert_eq!(State::<World>::open_read_only(&new).expect("a view").snapshot().expect("a snapshot").steps, 1);
    writers_meet(&new, &created);
    drop(created);
    refused(State::<World>::open_read_only(&new), ErrorKind::Unsupported, &parts);
    shmstate::remove(&new).expect("removal");
    shmstate::remove(&path).expect("removal");
    assert_eq!(fs::read_dir(&merged).expect("a directory").count(), 0);
}

/// No `fallocate`, no holes.
fn ramfs(dir: &Path) {
    let at = subdir(dir, "ramfs");
    mount_as("ramfs", &at, 0, "mode=700");
    let path = at.join("world");
    let world = State::<World>::create(&path).expect("a world");
    writers_meet(&path, &world);
    let view = State::<World>::open_read_only(&path).expect("a view");
    assert_eq!(view.snapshot().expect("a snapshot").steps, 1);
    drop(world);
    assert_eq!(open(&path).version(), 1);
    shmstate::remove(&path).expect("removal");
}

fn hugetlbfs(dir: &Path) {
    let at = subdir(dir, "huge");
    mount_as("hugetlbfs", &at, 0, "mode=700");
    let path = at.join("world");
    refused(State::<World>::create(&path), ErrorKind::Unsupported, &["lies on hugetlbfs", "`huge=`", "/dev/shm"]);
    assert_eq!(fs::read_dir(&at).expect("a directory").count(), 0);
}

/// Blocks are left, and no inode.
fn no_inodes(dir: &Path) {
    let at = subdir(dir, "small");
    mount_as("tmpfs", &at, 0, "size=1m,nr_inodes=2,mode=700");
    fs::write(at.join("last"), "").expect("a file");
    let parts = ["no room to create", "No space left on device", "`df -i`"];
    refused(State::<World>::create(at.join("world")), ErrorKind::NoSpace, &parts);
    refused(State::<World>::open_or_create(at.join("world")), ErrorKind::NoSpace, &parts);
}

/// What can be done without writing is done.
fn read_only(dir: &Path) {
    let path = dir.join("world");
    let world = State::<World>::create(&path).expect("a world");
    world.update(World::step).expect("an update");
    drop(world);
    mount_as("tmpfs", dir, libc::MS_REMOUNT | libc::MS_RDONLY, "");
    let parts = ["Read-only file system", "mounted read-only", "`open_read_only` can look at it"];
    refused(State::<World>::open(&path), ErrorKind::Permission, &parts);
    refused(State::<World>::open_or_create(&path), ErrorKind::Permission, &parts);
    refused(State::<World>::create(dir.join("new")), ErrorKind::Permission, &parts);
    refused(shmstate::remove(&path), ErrorKind::Permission, &parts[..2]);
    assert_eq!(State::<World>::open_read_only(&path).expect("a view").snapshot().expect("a snapshot").steps, 1);
}

/// The directory goes while a region is being made in it.
fn removed(dir: &Path) {
    let bare = subdir(dir, "bare");
    fs::set_permissions(&bare, fs::Permissions::from_mode(0o700)).expect("a mode");
    // SAFETY: this process has one thread.
    unsafe { std::env::set_var("SHMSTATE_DIR", &bare) };
    let removing =
        |dir: PathBuf| State::<World>::options().init(move |_| fs::remove_dir(dir).expect("an empty directory"));
    // That of bare names is made again, and the region is in it.
    let world = removing(bare.clone()).open_or_create("world").expect("a world");
    assert!(world.is_current().expect("a look") && bare.join("world").exists());
    open("world").update(World::step).expect("an update");
    assert_eq!(world.version(), 1);
    let given = subdir(dir, "given");
    let parts = ["given`", "no directory", "make it first"];
    refused(removing(given.clone()).open_or_create(given.join("world")), ErrorKind::NotFound, &parts);
    fs::create_dir(&given).expect("a directory");
    refused(removing(given.clone()).create(given.join("world")), ErrorKind::NotFound, &parts);
}
