//! What the machine does not give: descriptors, `/proc`, privileges, a way to unwind.

use crate::{number, open, say, wait_for_go};
use shmstate::{Error, ErrorKind, State};
use shmstate_tests::Fixture;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub fn run(what: &str, path: &str) {
    match what {
        "descriptors" => descriptors(path),
        "no-proc" => no_proc(path),
        "new-root" => new_root(path),
        "removed-directory" => removed_directory(path),
        "drop-privileges" => drop_privileges(path),
        "umask" => umask(path),
        "secure" => secure(path),
        "abort" => open(path).update(|s| abort(s)).expect("it never gets here"),
        "panic-abort" => panic_abort(path),
        "truncated" => truncated(path),
        "open-often" => open_often(path),
        "view" => view(path),
        "pid-namespace" => pid_namespace(path),
        "no-spare-room" => no_spare_room(path),
        _ => panic!("no such scenario: {what}"),
    }
}

/// The first process of a PID namespace of its own is in an update; says the namespace, and then that it is in.
fn pid_namespace(path: &str) {
    // SAFETY: no pointers.
    let unshared = |flags| unsafe { libc::unshare(flags) } == 0;
    if !unshared(libc::CLONE_NEWPID) && !unshared(libc::CLONE_NEWUSER | libc::CLONE_NEWPID) {
        return say(&format!("skip\nno PID namespace: {}", std::io::Error::last_os_error()));
    }
    let first = crate::fork::child(|| {
        // SAFETY: no pointers: it does not outlive its parent, which the test kills.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        assert_eq!(std::process::id(), 1);
        let namespace = std::fs::metadata("/proc/self/ns/pid").expect("/proc");
        say(&std::os::unix::fs::MetadataExt::ino(&namespace).to_string());
        hold(&open(path));
    });
    crate::fork::succeeds(first);
}

/// Sets how many descriptors this process may have.
fn limit(files: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: room for the answer.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
    limit.rlim_cur = files;
    // SAFETY: an initialised struct.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
}

/// Opens files until no descriptor is left.
fn fill() -> Vec<File> {
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

/// How often the region is mapped.
fn mappings(path: &str) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc");
    maps.lines().filter(|line| line.ends_with(path)).count()
}

/// A call that needs descriptors.
type Attempt<'a> = &'a dyn Fn() -> Result<(), Error>;

/// With 0, 1, 2, ... descriptors left, each call succeeds or says that there are too few, and keeps nothing.
fn descriptors(paths: &str) {
    let (path, old) = paths.split_once(',').expect("two paths");
    let new = Path::new(path).with_file_name("new");
    let fixture = open(path);
    let anonymous = State::<Fixture>::anonymous().expect("a state without a name");
    let attempts: [(&str, Attempt<'_>); 8] = [
        ("anonymous", &|| State::<Fixture>::anonymous().map(drop)),
        ("share", &|| anonymous.share().map(drop)),
        ("try_clone", &|| fixture.try_clone().map(drop)),
        ("open", &|| State::<Fixture>::open(path).map(drop)),
        ("open_or_create", &|| State::<Fixture>::open_or_create(&new).map(drop)),
        ("create", &|| State::<Fixture>::create(&new).map(drop)),
        ("open_read_only", &|| State::<Fixture>::open_read_only(path).map(drop)),
        // Of an earlier run of the machine: refused, and nothing else, as soon as it can be looked at.
        ("rebooted", &|| State::<Fixture>::open_read_only(old).map(drop)),
    ];
    limit(64);
    let mut free = fill();
    let all = free.len();
    for (what, attempt) in attempts {
        let mut outcomes = Vec::new();
        for left in 0..12 {
            free.truncate(all - left);
            let result = attempt();
            let kind = result.as_ref().err().map(Error::kind);
            if let Err(e) = &result
                && kind != Some(ErrorKind::Rebooted)
            {
                assert_eq!(kind, Some(ErrorKind::Io), "{what} with {left}: {e}");
                assert!(e.to_string().contains("Too many open files"), "{what} with {left}: {e}");
            }
            assert!(
                what != "rebooted" || kind.is_some(),
                "opened with {left}, though its run of the machine cannot be known"
            );
            outcomes.push(kind);
            free.extend(fill());
            assert_eq!(free.len(), all, "{what} with {left} keeps descriptors");
            // A process that has it open needs none.
            fixture.update(Fixture::step).expect("an update");
            assert!(
                fixture.read(|s| s.steps == s.steps_again).expect("a read") && fixture.is_current().expect("a look")
            );
            if what.contains("create") {
                assert_eq!(new.exists(), kind.is_none(), "{what} with {left}");
                let _ = std::fs::remove_file(&new);
            }
        }
        let last = if what == "rebooted" { Some(ErrorKind::Rebooted) } else { None };
        assert_eq!((outcomes[0], outcomes[11]), (Some(ErrorKind::Io), last), "{what}");
    }
    drop(free);
    assert_eq!(mappings(path), 1, "a mapping was kept");
    say("full");
    wait_for_go();
    drop(fixture);
}

/// Lets this process see an empty `/proc`.
fn hide_proc() {
    let null = std::ptr::null();
    // SAFETY: no pointers.
    let alone = unsafe { libc::unshare(libc::CLONE_NEWNS) } == 0;
    // SAFETY: strings that end in a zero; the rest is not looked at.
    let private =
        || unsafe { libc::mount(null, c"/".as_ptr(), null, libc::MS_REC | libc::MS_PRIVATE, null.cast()) } == 0;
    let (tmpfs, proc, size) = (c"tmpfs".as_ptr(), c"/proc".as_ptr(), c"size=1m");
    // SAFETY: as above.
    if !alone || !private() || unsafe { libc::mount(tmpfs, proc, tmpfs, 0, size.as_ptr().cast()) } != 0 {
        say("skip");
        say(&format!("no mount namespace: {}", std::io::Error::last_os_error()));
        std::process::exit(0);
    }
    assert!(!Path::new("/proc/self").exists());
}

/// Everything works without `/proc`; where a kernel cannot, the error says so.
fn no_proc(path: &str) {
    hide_proc();
    let fixture = open(path);
    fixture.update(Fixture::step).expect("an update");
    assert!(fixture.read(|s| *s == *Fixture::at(s.steps)).expect("a read"));
    assert_eq!(fixture.snapshot().expect("a snapshot").steps, fixture.version().expect("a version"));
    assert_eq!(
        State::<Fixture>::open_read_only(path).expect("a view").version(),
        fixture.version().expect("a version")
    );
    fixture.try_clone().expect("a handle").update(Fixture::step).expect("an update");
    let anonymous = State::<Fixture>::anonymous().unwrap_err();
    assert_eq!(anonymous.kind(), ErrorKind::Unsupported, "{anonymous}");
    assert!(anonymous.to_string().contains("takes /proc"), "{anonymous}");
    // By a relative path, from a directory that is another one by then.
    std::env::set_current_dir(Path::new(path).parent().expect("a directory")).expect("a directory");
    let relative = open("./fixture");
    std::env::set_current_dir("/").expect("the root");
    relative.try_clone().expect("a handle").update(Fixture::step).expect("an update");
    drop(relative);
    let new = format!("{path}.new");
    match State::<Fixture>::create(&new) {
        Ok(state) => {
            state.update(Fixture::step).expect("an update");
            assert_eq!(open(&new).version().expect("a version"), 1);
            assert_eq!(State::<Fixture>::create(&new).unwrap_err().kind(), ErrorKind::AlreadyExists);
            shmstate::remove(&new).expect("removal");
            state.update(Fixture::step).expect("an update");
            let gone = state.try_clone().unwrap_err();
            assert_eq!(gone.kind(), ErrorKind::Unsupported, "{gone}");
            assert!(gone.to_string().contains("has no name") && gone.to_string().contains("/proc"), "{gone}");
        }
        Err(e) => {
            assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
            assert!(e.to_string().contains("to create a region takes /proc"), "{e}");
        }
    }
    hold(&fixture);
}

/// Says that it is in an update, and stays there.
fn hold(fixture: &State<Fixture>) {
    fixture
        .update(|s| {
            s.step();
            say("in");
            wait_for_go();
        })
        .expect("an update");
    say("out");
    wait_for_go();
}

/// A daemon that attaches, and then locks itself into an empty directory.
fn new_root(path: &str) {
    let fixture = open(path);
    let clone = fixture.try_clone().expect("a handle");
    let empty = Path::new(path).with_file_name("empty");
    std::fs::create_dir(&empty).expect("a directory");
    let root = std::ffi::CString::new(empty.to_str().expect("a path")).expect("a path");
    // SAFETY: a string that ends in a zero.
    if unsafe { libc::chroot(root.as_ptr()) } != 0 {
        say("skip");
        return say(&format!("no new root: {}", std::io::Error::last_os_error()));
    }
    std::env::set_current_dir("/").expect("the root");
    assert_eq!(std::fs::read_dir("/").expect("the root").count(), 0);
    assert_eq!(State::<Fixture>::open(path).unwrap_err().kind(), ErrorKind::NotFound);
    fixture.update(Fixture::step).expect("an update");
    assert!(fixture.is_current().expect("a look"));
    let e = fixture.try_clone().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
    assert!(["another root", "takes /proc"].iter().all(|part| e.to_string().contains(part)), "{e}");
    clone.update(Fixture::step).expect("an update");
    let e = clone.remove().unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
    assert!(e.to_string().contains("another root"), "{e}");
    hold(&fixture);
}

/// The working directory of the process was removed: a relative path leads there, again and again.
fn removed_directory(path: &str) {
    let dir = Path::new(path).with_file_name("removed");
    std::fs::create_dir(&dir).expect("a directory");
    std::env::set_current_dir(&dir).expect("the directory");
    std::fs::remove_dir(&dir).expect("an empty directory");
    let options = || State::<Fixture>::options().timeout(Duration::from_millis(200));
    let refused = [
        options().create("./fixture"),
        options().open_or_create("./fixture"),
        options().open_or_replace("./fixture"),
        options().open("./fixture"),
    ];
    for result in refused {
        let e = result.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::NotFound, "{e}");
    }
    say("done");
}

/// The unprivileged user that processes turn into.
pub const UNPRIVILEGED: u32 = 65534;

/// Becomes that user, for ever.
pub fn become_user(user: u32) {
    // SAFETY: no pointers that are used.
    assert_eq!(unsafe { libc::setgroups(0, std::ptr::null()) }, 0);
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::setresgid(user, user, user) }, 0);
    // SAFETY: no pointers.
    assert_eq!(unsafe { libc::setresuid(user, user, user) }, 0);
}

/// A daemon that attaches, and then gives up its rights.
fn drop_privileges(path: &str) {
    let fixture = open(path);
    fixture.update(Fixture::step).expect("an update");
    become_user(UNPRIVILEGED);
    for _ in 0..100 {
        fixture.update(Fixture::step).expect("an update");
        assert!(fixture.read(|s| s.steps == s.steps_again).expect("a read"));
    }
    assert_eq!(fixture.snapshot().expect("a snapshot").steps, fixture.version().expect("a version"));
    for result in [State::<Fixture>::open(path).map(drop), fixture.try_clone().map(drop), shmstate::remove(path)] {
        let e = result.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Permission, "{e}");
        assert!(e.to_string().contains("does not let this process open"), "{e}");
    }
    hold(&fixture);
}

/// Uses bare names under that umask, in directories that were made under it, and that were made otherwise.
fn umask(mask: &str) {
    use std::os::unix::fs::PermissionsExt;
    let shm = Path::new("/dev/shm");
    crate::limits::mount("/dev/shm", 4 << 20);
    let mode = |path: &Path| std::fs::metadata(path).expect("a directory").permissions().mode() & 0o7777;
    let set_mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    };
    set_mode(shm, 0o1777);
    become_user(UNPRIVILEGED);
    // SAFETY: no pointers.
    unsafe { libc::umask(u32::from_str_radix(mask, 8).expect("an octal number")) };
    let private = shm.join(format!("shmstate-{UNPRIVILEGED}"));
    for own in [None, Some(0o600), Some(0o500), Some(0)] {
        if let Some(own) = own {
            set_mode(&private, own);
        }
        drop(State::<Fixture>::create("bare").expect("a fixture"));
        State::<Fixture>::open("bare").expect("a fixture").update(Fixture::step).expect("an update");
        shmstate::remove("bare").expect("removal");
        assert_eq!(mode(&private), 0o700, "it was {own:?}");
    }
    // One that the environment names is made with all rights, and keeps those that it has.
    let named = shm.join("named");
    // SAFETY: this process has one thread.
    unsafe { std::env::set_var("SHMSTATE_DIR", &named) };
    drop(State::<Fixture>::create("bare").expect("a fixture"));
    assert_eq!(mode(&named), 0o700);
    set_mode(&named, 0o500);
    State::<Fixture>::open("bare").expect("a fixture").update(Fixture::step).expect("an update");
    let refused = State::<Fixture>::create("other").unwrap_err();
    assert_eq!((refused.kind(), mode(&named)), (ErrorKind::Permission, 0o500), "{refused}");
    say("done");
}

/// Says as which user it runs, and where its bare names live.
fn secure(name: &str) {
    // SAFETY: no pointers.
    say(&format!("{}", unsafe { libc::geteuid() }));
    let fixture = State::<Fixture>::create(name).expect("a fixture");
    say(&fixture.path().expect("a path").display().to_string());
    shmstate::remove(name).expect("removal");
}

fn abort(s: &mut Fixture) -> ! {
    s.step();
    s.spots.fill(1);
    std::process::abort()
}

/// A panic as in a program of `panic = "abort"`, which ends as soon as the hook has run: nothing is unwound.
fn panic_abort(path: &str) {
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    let fixture = open(path);
    let _: Result<(), Error> = fixture.update(|s| {
        s.step();
        panic!("out")
    });
}

/// Reads the region until its file is truncated, and once more: the death that the documentation describes.
fn truncated(path: &str) {
    let fixture = open(path);
    say("in");
    wait_for_go();
    for result in [fixture.try_clone().map(drop), State::<Fixture>::open(path).map(drop)] {
        let e = result.unwrap_err();
        assert_eq!(e.kind(), ErrorKind::Corrupt, "{e}");
    }
    say("refused");
    let _ = fixture.read(|s| s.steps);
}

/// Opens a name that another process gives to other files all the time; prints which versions it saw, and which errors.
fn open_often(path: &str) {
    let (name, rounds) = path.rsplit_once(':').expect("a path and a number");
    let mut seen = std::collections::BTreeSet::new();
    let hasty = || State::<Fixture>::options().timeout(Duration::from_secs(5));
    for round in 0..number(rounds) {
        let version = match round % 4 {
            0 => hasty().open(name).and_then(|s| s.version()),
            1 | 3 => State::<Fixture>::open_read_only(name).map(|s| s.version()),
            _ => hasty().open_or_create(PathBuf::from(name)).and_then(|s| s.version()),
        };
        seen.insert(version.map_or_else(|e| format!("{:?}", e.kind()), |version| version.to_string()));
    }
    seen.iter().for_each(|what| say(what));
}

/// Looks on without the right to write the file, and then writes the mapping all the same: the kernel does not let it.
fn view(path: &str) {
    // SAFETY: no pointers.
    if unsafe { libc::geteuid() } == 0 {
        become_user(UNPRIVILEGED);
    }
    let refused = State::<Fixture>::open(path).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Permission, "{refused}");
    let view = State::<Fixture>::open_read_only(path).expect("a view");
    let looks = || *view.snapshot().expect("a snapshot") == *Fixture::at(view.version());
    assert!(looks());
    say(&view.version().to_string());
    wait_for_go();
    assert!(looks());
    say(&view.version().to_string());
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc");
    let line = maps.lines().find(|line| line.ends_with(path)).expect("a mapping");
    let start = usize::from_str_radix(line.split('-').next().expect("an address"), 16).expect("a number");
    let start = std::ptr::with_exposed_provenance_mut::<u8>(start);
    // SAFETY: a page that is mapped; no code of this process writes it unless this call succeeds.
    let opened = unsafe { libc::mprotect(start.cast(), 4096, libc::PROT_READ | libc::PROT_WRITE) };
    assert_eq!((opened, std::io::Error::last_os_error().raw_os_error()), (-1, Some(libc::EACCES)));
    // SAFETY: a byte of the mapping, as shared memory. It ends this process.
    unsafe { std::sync::atomic::AtomicU8::from_ptr(start) }.store(1, std::sync::atomic::Ordering::Relaxed);
    say("written");
}

/// Readers stay in all copies, and there is no room for another one: an error, and none once there is room.
fn no_spare_room(dir: &str) {
    crate::limits::mount(dir, 4 << 20);
    let (path, filler) = (Path::new(dir).join("fixture"), Path::new(dir).join("filler"));
    let options = || State::<Fixture>::options().timeout(Duration::from_millis(50)).copies(2).max_copies(3);
    let (fixture, reader) = (options().create(&path).expect("a fixture"), open(&path));
    let mut file = File::create(&filler).expect("a file");
    while std::io::Write::write(&mut file, &[1; 4096]).is_ok_and(|written| written > 0) {}
    reader
        .read(|before| {
            let updates = || {
                fixture.update(Fixture::step).expect("the second copy");
                let busy = fixture.update(|_| panic!("it does not run")).unwrap_err();
                assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
                let text = busy.to_string();
                for part in ["it has 2 of at most 3 copies", "no room for another one", "free space", "make room there"]
                {
                    assert!(text.contains(part), "{part}: {text}");
                }
                assert_eq!(
                    (fixture.stats().expect("the counts").copies, fixture.version().expect("a version")),
                    (2, 1)
                );
                std::fs::remove_file(&filler).expect("room");
                drop(file);
                (0..10).for_each(|_| fixture.update(Fixture::step).expect("the third copy"));
            };
            std::thread::scope(|scope| scope.spawn(updates).join()).expect("the writer");
            assert_eq!(before.steps, 0);
        })
        .expect("a read");
    assert!(fixture.read(|s| *s == *Fixture::at(11)).expect("a read"));
    assert_eq!(fixture.stats().expect("the counts").copies, 3);
    say("done");
}
