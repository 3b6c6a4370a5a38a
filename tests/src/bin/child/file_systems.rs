//! Regions on other file systems than a tmpfs, each mounted for this process alone.

use crate::limits::mount;
use crate::{open, say};
use shmstate::{Error, ErrorKind, List, SharedLayout, State};
use shmstate_tests::{Child, Fixture};
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
        "sparse" => sparse(dir),
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
fn writers_meet(path: &Path, fixture: &State<Fixture>) {
    let (version, recoveries) =
        (fixture.version().expect("a version"), fixture.stats().expect("the counts").recoveries);
    let child = std::env::current_exe().expect("this program");
    let mut writer = Child::start(child, &["hold-update".as_ref(), path.as_os_str()]);
    writer.expect("in");
    let hasty = State::<Fixture>::options().timeout(Duration::from_millis(50)).open(path).expect("a handle");
    refused(hasty.update(|_| panic!("it does not run")), ErrorKind::Busy, &[&format!("process {}", writer.pid())]);
    assert_eq!(fixture.stats().expect("the counts").recoveries, recoveries, "taken from a living process");
    writer.kill();
    fixture.update(Fixture::step).expect("an update");
    assert_eq!(fixture.version().expect("a version"), version + 1);
    assert!(fixture.read(|s| *s == *Fixture::at(version + 1)).expect("a read"));
}

fn overlayfs(dir: &Path) {
    let [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map(|name| subdir(dir, name));
    let below = lower.join("fixture");
    let fixture = State::<Fixture>::create(&below).expect("a fixture");
    fixture.update(Fixture::step).expect("an update");
    drop(fixture);
    let options = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
    mount_as("overlay", &merged, 0, &options);
    let path = merged.join("fixture");
    // It would look at the lower file for ever.
    let parts = ["lies on overlayfs", "lower layer", "/dev/shm"];
    refused(State::<Fixture>::open_read_only(&path), ErrorKind::Unsupported, &parts);
    assert_eq!(fs::read_dir(&upper).expect("a directory").count(), 0, "it was copied by a reader");
    let fixture = open(&path);
    let view = State::<Fixture>::open_read_only(&path).expect("a view");
    for steps in 2..5 {
        fixture.update(Fixture::step).expect("an update");
        assert_eq!(view.snapshot().expect("a snapshot").steps, steps);
    }
    writers_meet(&path, &fixture);
    assert_eq!(view.snapshot().expect("a snapshot").steps, 5);
    // The lower one is another region.
    assert_eq!(open(&below).version().expect("a version"), 1);
    let new = merged.join("new");
    let created = State::<Fixture>::create(&new).expect("a fixture");
    created.update(Fixture::step).expect("an update");
    assert_eq!(State::<Fixture>::open_read_only(&new).expect("a view").snapshot().expect("a snapshot").steps, 1);
    writers_meet(&new, &created);
    drop(created);
    refused(State::<Fixture>::open_read_only(&new), ErrorKind::Unsupported, &parts);
    shmstate::remove(&new).expect("removal");
    shmstate::remove(&path).expect("removal");
    assert_eq!(fs::read_dir(&merged).expect("a directory").count(), 0);
}

/// No `fallocate`, no holes.
fn ramfs(dir: &Path) {
    let at = subdir(dir, "ramfs");
    mount_as("ramfs", &at, 0, "mode=700");
    let path = at.join("fixture");
    let fixture = State::<Fixture>::create(&path).expect("a fixture");
    writers_meet(&path, &fixture);
    let view = State::<Fixture>::open_read_only(&path).expect("a view");
    assert_eq!(view.snapshot().expect("a snapshot").steps, 1);
    drop(fixture);
    assert_eq!(open(&path).version().expect("a version"), 1);
    shmstate::remove(&path).expect("removal");
}

fn hugetlbfs(dir: &Path) {
    let at = subdir(dir, "huge");
    mount_as("hugetlbfs", &at, 0, "mode=700");
    let path = at.join("fixture");
    refused(State::<Fixture>::create(&path), ErrorKind::Unsupported, &["lies on hugetlbfs", "`huge=`", "/dev/shm"]);
    assert_eq!(fs::read_dir(&at).expect("a directory").count(), 0);
}

/// Blocks are left, and no inode.
fn no_inodes(dir: &Path) {
    let at = subdir(dir, "small");
    mount_as("tmpfs", &at, 0, "size=1m,nr_inodes=2,mode=700");
    fs::write(at.join("last"), "").expect("a file");
    let parts = ["no room to create", "No space left on device", "`df -i`"];
    refused(State::<Fixture>::create(at.join("fixture")), ErrorKind::NoSpace, &parts);
    refused(State::<Fixture>::open_or_create(at.join("fixture")), ErrorKind::NoSpace, &parts);
}

/// What can be done without writing is done.
fn read_only(dir: &Path) {
    let path = dir.join("fixture");
    let fixture = State::<Fixture>::create(&path).expect("a fixture");
    fixture.update(Fixture::step).expect("an update");
    drop(fixture);
    mount_as("tmpfs", dir, libc::MS_REMOUNT | libc::MS_RDONLY, "");
    let parts = ["Read-only file system", "mounted read-only", "`open_read_only` can look at it"];
    refused(State::<Fixture>::open(&path), ErrorKind::Permission, &parts);
    refused(State::<Fixture>::open_or_create(&path), ErrorKind::Permission, &parts);
    let parts = ["Read-only file system", "mounted read-only: keep the region elsewhere"];
    refused(State::<Fixture>::create(dir.join("new")), ErrorKind::Permission, &parts);
    refused(shmstate::remove(&path), ErrorKind::Permission, &parts);
    assert_eq!(State::<Fixture>::open_read_only(&path).expect("a view").snapshot().expect("a snapshot").steps, 1);
}

/// The directory goes while a region is being made in it.
fn removed(dir: &Path) {
    let bare = subdir(dir, "bare");
    fs::set_permissions(&bare, fs::Permissions::from_mode(0o700)).expect("a mode");
    // SAFETY: this process has one thread.
    unsafe { std::env::set_var("SHMSTATE_DIR", &bare) };
    let removing =
        |dir: PathBuf| State::<Fixture>::options().init(move |_| fs::remove_dir(dir).expect("an empty directory"));
    // That of bare names is made again, and the region is in it.
    let fixture = removing(bare.clone()).open_or_create("fixture").expect("a fixture");
    assert!(fixture.is_current().expect("a look") && bare.join("fixture").exists());
    open("fixture").update(Fixture::step).expect("an update");
    assert_eq!(fixture.version().expect("a version"), 1);
    let given = subdir(dir, "given");
    let parts = ["given`", "no directory", "make it first"];
    refused(removing(given.clone()).open_or_create(given.join("fixture")), ErrorKind::NotFound, &parts);
    fs::create_dir(&given).expect("a directory");
    refused(removing(given.clone()).create(given.join("fixture")), ErrorKind::NotFound, &parts);
}

/// Large, and hardly used.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    items: List<u64, 200_000>,
    last: u64,
}

/// A copy of a region with holes, on a tmpfs with room and without: to look at it takes none.
fn sparse(dir: &Path) {
    use std::io::Write;
    use std::os::unix::fs::{FileExt, MetadataExt};
    let (path, copy, filler) = (dir.join("board"), dir.join("copy"), dir.join("filler"));
    let board = State::<Board>::create(&path).expect("a board");
    let update = |board: &State<Board>| {
        let update = board.update(|s| {
            s.ticks += 1;
            s.last = s.ticks * 7;
            s.items.push(s.ticks).expect("an item");
        });
        update.expect("an update");
    };
    update(&board);
    let bytes = fs::read(&path).expect("a file");
    let file = fs::File::create(&copy).expect("a file");
    file.set_len(bytes.len() as u64).expect("a length");
    file.set_permissions(fs::Permissions::from_mode(0o600)).expect("a mode");
    for (page, content) in bytes.chunks(4096).enumerate().filter(|(_, page)| page.iter().any(|&b| b != 0)) {
        file.write_all_at(content, page as u64 * 4096).expect("a page");
    }
    let taken = || fs::metadata(&copy).expect("a file").blocks() * 512;
    let before = taken();
    assert!(before < bytes.len() as u64 / 10, "there are no holes");
    let looks = |view: &shmstate::ReadOnly<Board>, ticks: u64| {
        let snapshot = view.snapshot().expect("a snapshot");
        assert_eq!((snapshot.ticks, snapshot.last), (ticks, ticks * 7));
        assert!(snapshot.items.iter().copied().eq(1..=ticks));
        let (first, last) = (view.project(|s| &s.ticks).expect("a field"), view.project(|s| &s.last).expect("a field"));
        assert_eq!((view.load(&first).expect("a load"), view.load(&last).expect("a load")), (ticks, ticks * 7));
    };
    let open_view = |path: &Path| State::<Board>::open_read_only(path).expect("a view");
    looks(&open_view(&copy), 1);
    assert_eq!(taken(), before, "to look has taken memory");
    // The region itself has all its memory, of which most was never touched. One that looks on while it is written.
    let view = open_view(&path);
    for ticks in 1..20 {
        looks(&view, ticks);
        update(&board);
    }
    let mut full = fs::File::create(&filler).expect("a file");
    while full.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
    let copied = open_view(&copy);
    looks(&copied, 1);
    looks(&view, 20);
    assert_eq!(taken(), before, "to look has taken memory");
    let refused = State::<Board>::open(&copy).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoSpace, "{refused}");
    // An open for writing fills the holes; read-only handles see that.
    fs::remove_file(&filler).expect("room");
    drop(full);
    let writer = State::<Board>::open(&copy).expect("a board");
    assert!(taken() >= bytes.len() as u64);
    for ticks in 2..10 {
        update(&writer);
        looks(&copied, ticks);
    }
    // All descriptors are gone, and the name is not; then the name as well, of a region with a view that needs none.
    // SAFETY: this process has no other descriptors that it needs.
    unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
    looks(&copied, 9);
    update(&writer);
    looks(&copied, 10);
    std::mem::forget(file);
}
