//! What becomes of handles in a forked child. One thread, so that the children may do anything.

use crate::{open, say, wait_for_go};
use shmstate::dynamic::{DynState, Reading, Transaction};
use shmstate::{Error, ErrorKind, State};
use shmstate_tests::Fixture;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn kind<T>(result: Result<T, Error>) -> Option<ErrorKind> {
    result.err().map(|e| e.kind())
}

/// Forks, and runs `f` in the child, which ends with it: 0 if it returns.
pub fn child(f: impl FnOnce()) -> libc::pid_t {
    // SAFETY: this process has one thread.
    match unsafe { libc::fork() } {
        0 => {
            let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err();
            // SAFETY: no pointers; without the parent's buffers and destructors.
            unsafe { libc::_exit(i32::from(failed)) }
        }
        pid => pid,
    }
}

pub fn succeeds(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: a place for the status.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0, "the child is not content");
}

pub fn run(what: &str, path: &str) {
    match what {
        "handle" => handle(path),
        "view" => view(path),
        "drop" => drop_in_child(path),
        "own" => own_handle(path),
        "orphan-in-update" => orphan(path, true, child),
        "orphan" => orphan(path, false, child),
        "orphan-by-clone" => orphan(path, true, cloned),
        "orphan-spawned" => orphan(path, true, spawned),
        "orphans-while-opening" => orphans_while_opening(path),
        "exec-in-update" => exec_in_update(path),
        "in-closure" => in_closure(path),
        "guards" => guards(path),
        "out-of-read" => out_of_read(path),
        "out-of-update" => out_of_update(path, false),
        "out-of-init" => out_of_init(path),
        "out-of-panic" => out_of_update(path, true),
        "descriptors" => descriptors(path),
        "anonymous" => anonymous(),
        "tasks" => tasks(path),
        _ => panic!("no such scenario: {what}"),
    }
    say("done");
}

/// A task of the parent waits for nothing in the child, which has no thread that would wake it; the child's own do.
fn tasks(path: &str) {
    fn poll<F: Future>(future: &mut Pin<&mut F>) -> Poll<F::Output> {
        future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }
    let waits = |fixture: &State<Fixture>| {
        let seen = fixture.version().expect("a version");
        let mut changed = pin!(fixture.changed(seen));
        assert!(poll(&mut changed).is_pending());
        fixture.update(Fixture::step).expect("an update");
        assert!(poll(&mut changed).is_ready());
    };
    let (fixture, view) = (open(path), State::<Fixture>::open_read_only(path).expect("the state"));
    let (mut task, mut viewer) = (pin!(fixture.changed(0)), pin!(view.changed(0)));
    assert!(poll(&mut task).is_pending() && poll(&mut viewer).is_pending());
    for _ in 0..50 {
        succeeds(child(|| {
            let mut changed = fixture.changed(0);
            for refused in [poll(&mut task), poll(&mut pin!(&mut changed)), poll(&mut viewer)] {
                let Poll::Ready(refused) = refused else { panic!("it waits") };
                assert_eq!(kind(refused), Some(ErrorKind::Forked));
            }
            drop(changed);
            waits(&open(path));
        }));
    }
    assert!(poll(&mut task).is_ready());
    drop(open(path));
    waits(&fixture);
}

/// A read-only handle needs the file where it may have holes. A child has to open that again, by its name.
fn view(path: &str) {
    let fixture = open(path);
    fixture.update(Fixture::step).expect("an update");
    let (view, steps) = (State::<Fixture>::open_read_only(path).expect("a view"), |s: Box<Fixture>| s.steps);
    succeeds(child(|| assert_eq!(view.snapshot().map(steps).expect("a snapshot"), 1)));
    std::fs::rename(path, format!("{path}-elsewhere")).expect("another name");
    succeeds(child(|| {
        let error = view.snapshot().map(steps).expect_err("the name is needed");
        assert_eq!(error.kind(), ErrorKind::Forked, "{error}");
        assert_eq!(view.version(), 1);
    }));
    assert_eq!(view.snapshot().map(steps).expect("a snapshot"), 1);
    std::fs::rename(format!("{path}-elsewhere"), path).expect("its name");
}

/// A handle of the parent is of no use in the child, and says so.
fn handle(path: &str) {
    let fixture = open(path);
    fixture.update(Fixture::step).expect("an update");
    let steps = fixture.project(|s| &s.steps).expect("a plain field");
    succeeds(child(|| {
        let forked = Some(ErrorKind::Forked);
        let never = || -> ! { panic!("the closure does not run") };
        assert_eq!(kind(fixture.read(|_| never())), forked);
        assert_eq!(kind(fixture.update(|_| never())), forked);
        assert_eq!(kind(fixture.try_update(|_| -> Result<(), ()> { never() })), forked);
        assert_eq!(kind(fixture.load(&steps)), forked);
        assert_eq!(kind(fixture.snapshot()), forked);
        assert_eq!(kind(fixture.try_clone()), forked);
        assert_eq!(fixture.version().map_err(|e| e.kind()), Err(ErrorKind::Forked));
        assert!(fixture.path().is_some_and(|path| path.ends_with("fixture")) && fixture.is_current().expect("a look"));
        let message = fixture.read(|_| ()).unwrap_err().to_string();
        assert!(message.contains("fork") && message.contains("open the state again in the child"), "{message}");
        let _ = format!("{fixture:?}");
    }));
    assert_eq!(fixture.version().expect("a version"), 1);
    fixture.update(Fixture::step).expect("the parent goes on");
}

/// A descriptor outlives the fork, and the handle in the child is its own.
fn anonymous() {
    let fixture = State::<Fixture>::anonymous().expect("a fixture");
    let shared = fixture.share().expect("a descriptor");
    succeeds(child(|| {
        assert_eq!(kind(fixture.share()), Some(ErrorKind::Forked));
        let mine = State::<Fixture>::from_fd(&shared).expect("the fixture");
        mine.update(Fixture::step).expect("an update");
    }));
    assert_eq!(fixture.version().expect("a version"), 1);
    fixture.update(Fixture::step).expect("the parent goes on");
}

/// To drop it there does nothing to the parent.
fn drop_in_child(path: &str) {
    let fixture = open(path);
    let others: Vec<_> = (0..5).map(|_| fixture.try_clone().expect("a handle")).collect();
    let held = fixture
        .read(|s| {
            let before = s.clone();
            succeeds(child(|| {
                // Mapped where the parent's were, which the child has not inherited.
                let mine: Vec<_> = (0..others.len() + 1).map(|_| open(path)).collect();
                // The same for the numbers of the descriptors.
                let files: Vec<_> = (0..64).map(|_| std::fs::File::open("/dev/null").expect("a file")).collect();
                for other in others.iter().chain([&fixture]) {
                    // SAFETY: the child ends without using its parent's values again.
                    drop(unsafe { std::ptr::read(other) });
                }
                for file in &files {
                    file.metadata().expect("a file that is still open");
                }
                for mine in &mine {
                    mine.read(|s| assert_eq!(s.steps, s.steps_again)).expect("a read");
                    let _ = mine.try_clone().expect("a handle");
                }
                // More than there are copies: the parent holds one of them.
                // By a thread, because the one that forked is in a closure over the region.
                std::thread::scope(|scope| {
                    scope.spawn(|| (0..5).for_each(|_| mine[0].update(Fixture::step).expect("an update")));
                });
            }));
            *s == before
        })
        .expect("a read");
    assert!(held, "a pin of the parent was taken away");
    for other in &others {
        other.update(Fixture::step).expect("an update");
        assert!(other.read(|s| *s == *Fixture::at(s.steps)).expect("a read"));
    }
}

/// The child, and its child, have handles of their own.
fn own_handle(path: &str) {
    let fixture = open(path);
    let before = fixture.version().expect("a version");
    succeeds(child(|| {
        let mine = open(path);
        mine.update(Fixture::step).expect("an update");
        assert_eq!(kind(fixture.read(|_| ())), Some(ErrorKind::Forked));
        succeeds(child(|| {
            assert_eq!(kind(mine.read(|_| ())), Some(ErrorKind::Forked));
            assert_eq!(kind(fixture.read(|_| ())), Some(ErrorKind::Forked));
            let mine = open(path);
            mine.update(Fixture::step).expect("an update");
            assert!(mine.read(|s| *s == *Fixture::at(s.steps)).expect("a read"));
        }));
        mine.update(Fixture::step).expect("an update");
        assert!(mine.try_clone().expect("a handle").read(|s| *s == *Fixture::at(s.steps)).expect("a read"));
    }));
    fixture.update(Fixture::step).expect("an update");
    assert_eq!(fixture.version().expect("a version"), before + 4);
}

/// As [`child`], by a system call of which no handler knows.
fn cloned(f: fn()) -> libc::pid_t {
    // SAFETY: without flags and a stack, it is a fork; this process has one thread.
    match unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } {
        0 => {
            f();
            // SAFETY: no pointers.
            unsafe { libc::_exit(0) }
        }
        pid => pid as libc::pid_t,
    }
}

/// Another program.
fn spawned(_: fn()) -> libc::pid_t {
    std::process::Command::new("sleep").arg("120").stdout(std::process::Stdio::null()).spawn().expect("sleep").id() as _
}

fn sleep_for_ever() {
    // Alarms are not inherited.
    // SAFETY: no pointers.
    unsafe { libc::alarm(120) };
    loop {
        // SAFETY: no pointers. The test kills it.
        unsafe { libc::pause() };
    }
}

/// The child lives on after its parent, which the test kills, and does not keep it alive.
fn orphan(path: &str, in_update: bool, child: fn(fn()) -> libc::pid_t) {
    let fixture = open(path);
    let pid = child(sleep_for_ever);
    say(&pid.to_string());
    if in_update {
        let _ = fixture.update(|s| {
            s.step();
            say("in");
            wait_for_go();
        });
    } else {
        let _ = fixture.read(|_| {
            say("in");
            wait_for_go();
        });
    }
}

/// Children are forked while another thread opens and drops handles; they live on after their parent.
fn orphans_while_opening(path: &str) {
    let fixture = open(path);
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                drop(open(path));
                drop(fixture.try_clone().expect("a handle"));
            }
        });
        for _ in 0..100 {
            // SAFETY: the child does nothing that needs a lock of another thread's.
            match unsafe { libc::fork() } {
                0 => sleep_for_ever(),
                pid => say(&pid.to_string()),
            }
        }
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    say("in");
    let _ = fixture.update(|s| {
        s.step();
        wait_for_go();
    });
}

/// The process lives on as another program.
fn exec_in_update(path: &str) {
    use std::os::unix::process::CommandExt;
    let _ = open(path).update(|s| -> () {
        s.step();
        panic!("{}", std::process::Command::new("sh").args(["-c", "echo another; read line"]).exec());
    });
}

/// A fork in the midst of a closure: the parent's goes on. The child may not touch the state, and ends.
fn in_closure(path: &str) {
    let fixture = open(path);
    let before = fixture.version().expect("a version");
    fixture
        .update(|s| {
            s.step();
            succeeds(child(|| {
                // On this thread, the closure of the parent is open, also in the child.
                assert_eq!(kind(fixture.read(|_| ())), Some(ErrorKind::Forked));
                assert_eq!(kind(fixture.update(|_| ())), Some(ErrorKind::Forked));
                let mine = open(path);
                assert_eq!(mine.version().expect("a version"), before);
                assert_eq!(kind(mine.update(|_| ())), Some(ErrorKind::Reentrant));
            }));
        })
        .expect("an update");
    assert_eq!(fixture.version().expect("a version"), before + 1);
    assert!(fixture.read(|s| *s == *Fixture::at(s.steps)).expect("a read"));
}

/// Forks in the midst of reads and updates that last from call to call. The child can neither use nor end them, and they do not keep it
/// from updates of its own.
fn guards(path: &str) {
    let fixture = DynState::options().writable(true).timeout(Duration::ZERO).open(path).expect("the fixture");
    let steps = |reading: &Reading| reading.value()?.get("steps")?.as_u64();
    let before = fixture.version();
    let mut reading = Some(fixture.reading().expect("a read"));
    succeeds(child(|| {
        let inherited = reading.take().expect("the parent's");
        assert_eq!(kind(steps(&inherited)), Some(ErrorKind::Forked));
        let mine = open(path);
        mine.update(Fixture::step).expect("an update beside the parent's read");
        drop(inherited);
        (0..5).for_each(|_| mine.update(Fixture::step).expect("an update"));
    }));
    assert_eq!(
        steps(reading.as_ref().expect("the parent's")).expect("a read"),
        before,
        "the child has taken the pin away"
    );
    drop(reading);

    let mut update = Some(fixture.begin().expect("an update"));
    let mut inherits = |end: fn(Transaction) -> Option<ErrorKind>| {
        succeeds(child(|| {
            let mut inherited = update.take().expect("the parent's");
            assert_eq!(kind(inherited.value()), Some(ErrorKind::Forked));
            assert_eq!(kind(inherited.edit()), Some(ErrorKind::Forked));
            let mine = DynState::options().writable(true).timeout(Duration::ZERO).open(path).expect("the fixture");
            assert_eq!(kind(mine.begin()), Some(ErrorKind::Busy), "the parent's update is running");
            assert!(end(inherited).is_none_or(|kind| kind == ErrorKind::Forked));
            assert_eq!(kind(mine.begin()), Some(ErrorKind::Busy), "the child has ended the parent's update");
        }));
    };
    inherits(|update| {
        drop(update);
        None
    });
    inherits(|update| kind(update.commit()));
    inherits(|update| kind(update.abandon()));
    let mut update = update.expect("the parent's");
    let now = update.version() - 1;
    assert_eq!(now, before + 6);
    let root = update.value().and_then(|value| value.get("steps")?.as_u64()).expect("a number");
    assert_eq!(root, now);
    update.edit().and_then(|mut edit| edit.set("steps", 0u64)).expect("a change");
    drop(update);
}

/// The child, which is in a closure of its parent's, leaves it after having opened the region itself: that is often
/// mapped just where the parent's was. Nothing of what the parent holds may go.
fn out_of_read(path: &str) {
    let fixture = open(path);
    let mut mine = None;
    let result = fixture.read(|s| {
        let before = s.clone();
        // SAFETY: this process has one thread.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            mine = Some(open(path));
            return;
        }
        succeeds(pid);
        let other = fixture.try_clone().expect("a handle");
        std::thread::scope(|scope| {
            scope.spawn(|| (0..100).for_each(|_| other.update(Fixture::step).expect("an update")));
        });
        assert!(*s == before, "the child took the parent's pin away");
    });
    if let Some(mine) = mine {
        let forked = kind(result) == Some(ErrorKind::Forked) && mine.read(|s| s.steps == 0).expect("a read");
        // SAFETY: no pointers.
        unsafe { libc::_exit(i32::from(!forked)) }
    }
    result.expect("a read");
    assert!(fixture.read(|s| *s == *Fixture::at(100)).expect("a read"));
}

/// The same out of an update, which is not the child's to commit, to roll back, or to unlock.
fn out_of_update(path: &str, panic: bool) {
    let fixture = open(path);
    let mut mine = None;
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        fixture.update(|s| {
            s.step();
            // SAFETY: this process has one thread.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                mine = Some(open(path));
                if panic {
                    std::panic::resume_unwind(Box::new("out"));
                }
                return;
            }
            succeeds(pid);
            assert_eq!(fixture.version().expect("a version"), 0, "the child ended the parent's update");
            let hasty = State::<Fixture>::options().timeout(Duration::from_millis(20)).open(path).expect("the fixture");
            std::thread::scope(|scope| {
                scope.spawn(|| assert_eq!(kind(hasty.update(Fixture::step)), Some(ErrorKind::Busy)));
            });
        })
    }));
    if let Some(mine) = mine {
        let right = match result {
            Ok(result) => !panic && kind(result) == Some(ErrorKind::Forked),
            Err(_) => panic,
        };
        let right = right && mine.read(|s| s.steps == 0).expect("a read");
        // SAFETY: no pointers.
        unsafe { libc::_exit(i32::from(!right)) }
    }
    result.expect("no panic here").expect("an update");
    assert!(fixture.read(|s| *s == *Fixture::at(1)).expect("a read"));
}

/// The child leaves the closure that fills a new state, which is the parent's to create.
fn out_of_init(path: &str) {
    for panic in [false, true] {
        for way in ["create", "open_or_create", "open_or_replace", "anonymous"] {
            let name = format!("{path}.{way}.{panic}");
            let mut pid = -1;
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let options = State::<Fixture>::options().init(|_| {
                    // SAFETY: this process has one thread.
                    pid = unsafe { libc::fork() };
                    if pid != 0 {
                        // The child ends before the parent creates anything.
                        succeeds(pid);
                    } else if panic {
                        std::panic::resume_unwind(Box::new("out"));
                    }
                });
                match way {
                    "create" => options.create(&name),
                    "open_or_create" => options.open_or_create(&name),
                    "open_or_replace" => options.open_or_replace(&name),
                    _ => options.anonymous(),
                }
            }));
            if pid == 0 {
                let nothing_is_linked = !std::path::Path::new(&name).exists();
                let right = match result {
                    Ok(result) => !panic && kind(result) == Some(ErrorKind::Forked),
                    Err(_) => panic,
                };
                // SAFETY: no pointers.
                unsafe { libc::_exit(i32::from(!(right && nothing_is_linked))) }
            }
            let fixture = result.expect("no panic here").expect("a state");
            fixture.update(Fixture::step).expect("an update");
            assert!(fixture.read(|s| *s == *Fixture::at(1)).expect("a read"));
        }
    }
}

/// A process has one descriptor of a region, and no child keeps it.
fn descriptors(path: &str) {
    let count = || {
        std::fs::read_dir("/proc/self/fd")
            .expect("/proc")
            .filter_map(Result::ok)
            .filter(|entry| {
                std::fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().ends_with("/fixture"))
            })
            .count()
    };
    let fixtures: Vec<_> = (0..10).map(|_| open(path)).collect();
    assert_eq!(count(), 1, "one for all handles");
    succeeds(child(|| assert_eq!(count(), 0)));
    // Nor one that is another program, which is not started by a fork.
    let list = std::process::Command::new("ls").args(["-l", "/proc/self/fd"]).output().expect("ls");
    let said = String::from_utf8_lossy(&list.stdout);
    assert!(list.status.success() && said.contains("/proc/") && !said.contains("/fixture"), "{said}");
    drop(fixtures);
    assert_eq!(count(), 0);
}
