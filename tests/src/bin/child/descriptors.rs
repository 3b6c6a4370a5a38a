//! What a program may do with its descriptors. Each deed is done in a forked child, because it is about the whole process.

use crate::fork::{child, succeeds};
use crate::machine::{UNPRIVILEGED, become_user};
use crate::{open, say, wait_for_go};
use shmstate::{ErrorKind, State};
use shmstate_tests::Fixture;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

pub fn run(what: &str, path: &str) {
    match what {
        "standard" => standard(path),
        "closed-in-update" => return closed_in_update(path),
        "replaced" => replaced(path),
        "many" => many(path),
        "closed-in-init" => closed_in_init(path),
        "anonymous" => anonymous(),
        "recover" => return recover(path),
        "removed" => return removed(path),
        _ => panic!("no such deed: {what}"),
    }
    say("done");
}

/// Whether the number is that of an open descriptor.
fn is_open(fd: libc::c_int) -> bool {
    // SAFETY: no pointers; the call asks only.
    unsafe { libc::fcntl(fd, libc::F_GETFD) != -1 }
}

/// `init` closes all descriptors, and opens a file that gets one of their numbers.
fn closed_in_init(path: &str) {
    for way in ["create", "open_or_create", "open_or_replace", "anonymous"] {
        succeeds(child(|| {
            let mut mine = Vec::new();
            let options = State::<Fixture>::options().init(|_| {
                // SAFETY: no pointers. Nothing else in this process uses them.
                unsafe { libc::close_range(3, libc::c_uint::MAX, 0) };
                mine.extend((0..8).map(|_| File::open("/dev/null").expect("a file")));
            });
            let name = format!("{path}.{way}");
            let result = match way {
                "create" => options.create(&name),
                "open_or_create" => options.open_or_create(&name),
                "open_or_replace" => options.open_or_replace(&name),
                _ => options.anonymous(),
            };
            let e = result.unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
            assert!(e.to_string().contains("in `init`") && !Path::new(&name).exists(), "{e}");
            assert!(mine.iter().all(|file| file.metadata().is_ok()), "the program's own file was closed");
        }));
    }
}

/// A daemon has closed some of its standard descriptors; another of its threads prints all the time.
fn standard(path: &str) {
    for closed in [&[0, 1, 2][..], &[1], &[2], &[1, 2], &[0]] {
        succeeds(child(|| {
            for &fd in closed {
                // SAFETY: no pointers. Nothing in this process uses the standard descriptors from here on.
                unsafe { libc::close(fd) };
            }
            let (stop, printed) = (AtomicBool::new(false), AtomicU64::new(0));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let text = b"warning: the upstream does not answer\n";
                    while !stop.load(SeqCst) {
                        for &fd in closed {
                            // SAFETY: the bytes of `text`.
                            let written = unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
                            printed.fetch_add(u64::from(written >= 0), SeqCst);
                        }
                    }
                });
                // The thread that prints ends if this panics.
                let result = std::panic::catch_unwind(|| (0..20).for_each(|_| open_in_each_way(path, closed)));
                stop.store(true, SeqCst);
                result.expect("every number is above 2");
            });
            assert_eq!(printed.load(SeqCst), 0, "something of the library's had the number of a standard descriptor");
        }));
    }
}

/// Has states of every kind, and looks after each step whether the standard descriptors are as closed as before.
fn open_in_each_way(path: &str, closed: &[libc::c_int]) {
    let look = |after: &str| assert!(!closed.iter().any(|&fd| is_open(fd)), "{after} has taken a standard descriptor");
    let fixture = open(path);
    look("open");
    let clone = fixture.try_clone().expect("a handle");
    look("try_clone");
    let new = format!("{path}.new");
    let created = State::<Fixture>::create(&new).expect("a new one");
    look("create");
    let again = State::<Fixture>::open_or_create(&new).expect("the new one");
    look("open_or_create");
    let view = State::<Fixture>::open_read_only(&new).expect("a view");
    look("open_read_only");
    shmstate::remove(&new).expect("removal");
    look("remove");
    let anonymous = State::<Fixture>::anonymous().expect("an anonymous one");
    look("anonymous");
    let shared = anonymous.share().expect("a descriptor");
    look("share");
    let other = State::<Fixture>::from_fd(&shared).expect("the anonymous one");
    look("from_fd");
    for fixture in [&fixture, &clone, &created, &again, &anonymous, &other] {
        fixture.update(Fixture::step).expect("an update");
    }
    assert!(view.version() == 2 && !view.is_current().expect("a look"));
    look("a look");
}

/// What daemon libraries do: all descriptors but the standard ones are closed.
fn close_all() {
    // SAFETY: no pointers. What this process has opened is not used afterwards, or is what is tried.
    assert_eq!(unsafe { libc::close_range(3, libc::c_uint::MAX, 0) }, 0);
}

/// How many descriptors of files with that name there are.
fn count(name: &str) -> usize {
    let entries = std::fs::read_dir("/proc/self/fd").expect("/proc").filter_map(Result::ok);
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.filter(|target| target.to_string_lossy().contains(name)).count()
}

/// A writer that lives keeps its lock, and its handle works afterwards.
fn closed_in_update(path: &str) {
    let fixture = open(path);
    let update = fixture.update(|s| {
        close_all();
        s.step();
        say("in");
        wait_for_go();
    });
    update.expect("an update");
    say("out");
    wait_for_go();
    fixture.update(Fixture::step).expect("an update");
    assert!(fixture.read(|s| *s == *Fixture::at(s.steps)).expect("a read") && fixture.is_current().expect("a look"));
    fixture.try_clone().expect("a handle").update(Fixture::step).expect("an update");
}

/// Files of the program's own, by all the numbers that the library has ever had: other files, and the region itself.
fn files_instead(path: &str) -> Vec<File> {
    close_all();
    let new = |i: usize| match i % 2 {
        0 => File::create(format!("{path}.log{i}")),
        _ => File::options().read(true).write(true).open(path),
    };
    (0..64).map(|i| new(i).expect("a file")).collect()
}

/// The program's descriptors stay open, whatever becomes of the handles, here and in a child.
fn replaced(path: &str) {
    let identity = |file: &File| file.metadata().map(|metadata| metadata.ino()).ok();
    let handles = || -> Vec<_> {
        let fixture = open(path);
        let clone = fixture.try_clone().expect("a handle");
        vec![fixture, clone, open(path)]
    };
    let fixtures = handles();
    let files = files_instead(path);
    let before: Vec<_> = files.iter().map(identity).collect();
    let check = |what: &str| {
        assert!(before.iter().all(Option::is_some));
        assert_eq!(files.iter().map(identity).collect::<Vec<_>>(), before, "{what}");
    };
    succeeds(child(|| {
        check("in a child");
        for fixture in &fixtures {
            assert_eq!(fixture.update(Fixture::step).unwrap_err().kind(), ErrorKind::Forked);
            // SAFETY: the child ends without using its parent's values again.
            drop(unsafe { std::ptr::read(fixture) });
        }
        check("dropped in a child");
        drop(handles());
        check("handles of the child's own");
    }));
    check("after a fork");
    for fixture in &fixtures {
        fixture.update(Fixture::step).expect("an update");
        fixture.try_clone().expect("a handle").update(Fixture::step).expect("an update");
    }
    check("after updates");
    drop(fixtures);
    check("after the drop");
    for file in files.iter().step_by(2) {
        (&*file).write_all(b"mine").expect("a log");
    }
}

/// One descriptor for all handles.
fn many(path: &str) {
    let limit = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
    // SAFETY: an initialised struct.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    let first = open(path);
    let fixtures: Vec<_> =
        (0..1000).map(|i| if i % 2 == 0 { open(path) } else { first.try_clone().expect("a handle") }).collect();
    assert_eq!(count("/fixture"), 1);
    for fixture in &fixtures {
        fixture.update(Fixture::step).expect("an update");
        assert!(fixture.is_current().expect("a look"));
    }
    drop((first, fixtures));
    assert_eq!(count("/fixture"), 0);
}

/// What can be done without a descriptor is done; what cannot says why.
fn anonymous() {
    let fixture = State::<Fixture>::anonymous().expect("an anonymous one");
    let other = State::<Fixture>::from_fd(fixture.share().expect("a descriptor")).expect("the same");
    assert_eq!(count("memfd:shmstate"), 1);
    close_all();
    assert_eq!(count("memfd:shmstate"), 0);
    let work = || {
        for fixture in [&fixture, &other] {
            fixture.update(Fixture::step).expect("an update");
            assert!(fixture.read(|s| *s == *Fixture::at(s.steps)).expect("a read"));
            assert!(fixture.is_current().expect("a look"));
            fixture.snapshot().expect("a snapshot");
        }
    };
    work();
    // SAFETY: no pointers.
    let privileged = unsafe { libc::geteuid() } == 0;
    if privileged {
        // A privileged process opens it by its mapping.
        drop(State::<Fixture>::from_fd(fixture.share().expect("a descriptor")).expect("the same"));
        assert_eq!(count("memfd:shmstate"), 1);
        close_all();
        become_user(UNPRIVILEGED);
    }
    for result in [fixture.try_clone().map(drop), fixture.share().map(drop)] {
        let e = result.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
        assert!(e.to_string().contains("the program has closed the region's descriptor"), "{e}");
    }
    work();
}

/// Without descriptors, it waits for the command to update, beside another process that has died in an update.
fn recover(path: &str) {
    let fixture = open(path);
    close_all();
    say("closed");
    wait_for_go();
    fixture.update(Fixture::step).expect("an update");
    assert_eq!((fixture.stats().expect("the counts").recoveries, count("/fixture")), (1, 1));
    say("out");
}

/// The same with a file that has lost its name, so that it cannot be opened again: then the dead cannot be distinguished from the
/// living, and the error says so.
fn removed(path: &str) {
    let fixture =
        State::<Fixture>::options().timeout(std::time::Duration::from_millis(20)).open(path).expect("the fixture");
    close_all();
    std::fs::remove_file(path).expect("the file");
    // SAFETY: no pointers.
    if unsafe { libc::geteuid() } == 0 {
        become_user(UNPRIVILEGED);
    }
    say("closed");
    wait_for_go();
    assert!(!Path::new(path).exists());
    let e = fixture.update(Fixture::step).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Busy, "{e}");
    assert!(e.to_string().contains("whether that is alive cannot be found out"), "{e}");
    fixture.read(|s| assert_eq!(s.steps, 0)).expect("a read");
    say("out");
}
