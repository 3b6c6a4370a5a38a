//! Tasks that wait for versions: many of them in one process, on a runtime and without one, cancelled, and left behind.
//!
//! Each test counts the library's threads of this process, so that they run one after the other.

use futures_core::Stream;
use shmstate::{Change, ErrorKind, NewVersion, State};
use shmstate_tests::{Child, Counted, PATIENCE, Rng, SEED, child, eventually, has_proc, scratch_dir};
use std::convert::Infallible;
use std::fs;
use std::future::{Future, poll_fn};
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;
use tokio::io::unix::AsyncFd;

const TASKS: usize = 1000;

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn create(path: &Path) -> State<Counted> {
    State::<Counted>::options().timeout(PATIENCE).create(path).unwrap()
}

fn runtime(workers: usize) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().unwrap()
}

/// The threads of this process that the library has started: those that sleep in the kernel for its tasks.
fn sleepers() -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    // One that ends meanwhile has no name any more.
    threads
        .filter(|thread| fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name == "shmstate-waits\n"))
        .count()
}

/// Waits until there are so many. Without `/proc`, no test can see them.
fn until_sleepers(count: usize) {
    if !has_proc() {
        return;
    }
    eventually(&format!("{count} threads sleep for tasks"), || sleepers() == count);
}

/// The simplest executor that there is.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let (since, mut future) = (Instant::now(), pin!(future));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => {
                thread::park_timeout(PATIENCE);
                assert!(since.elapsed() < PATIENCE, "a future is not ready in {PATIENCE:?}");
            }
        }
    }
}

/// Polls once; a future that is to be dropped, or polled again.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

#[test]
fn a_thousand_tasks_are_one_sleeper() {
    let _alone = alone();
    if !has_proc() {
        return println!("skipped: no /proc");
    }
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = Arc::new(create(&path));
    // As many tasks through a second handle, which has the same sleeper.
    let handles = [Arc::clone(&state), Arc::new(state.try_clone().unwrap())];
    until_sleepers(0);
    let (runtime, asleep) = (runtime(2), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|n| {
            let (state, asleep) = (Arc::clone(&handles[n % 2]), Arc::clone(&asleep));
            runtime.spawn(async move {
                for seen in 0..20 {
                    let mut changed = state.changed(seen);
                    let version = poll_fn(|context| {
                        let found = Pin::new(&mut changed).poll(context);
                        asleep.fetch_add(u64::from(found.is_pending()), Relaxed);
                        found
                    });
                    assert_eq!(version.await.unwrap(), seen + 1);
                }
            })
        })
        .collect();
    for round in 1..=20 {
        // Every task sleeps, and one thread does so in the kernel.
        eventually("every task sleeps", || asleep.load(Relaxed) >= round * TASKS as u64);
        // A thread has its name a moment after it was started.
        eventually("a thread sleeps for them", || sleepers() > 0);
        assert_eq!((sleepers(), asleep.load(Relaxed)), (1, round * TASKS as u64));
        let writer = child!["count", path, "1"];
        writer.expect("in");
        let _ = writer.succeed();
    }
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    until_sleepers(0);
}

#[test]
fn a_plain_executor_will_do() {
    let _alone = alone();
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let found = block_on(state.until(|s| (s.commits >= 500).then_some(s.commits))).unwrap();
                assert!(found >= 500);
            });
        }
        threads.spawn(|| {
            let mut follower = state.follow().unwrap();
            while follower.version() < 500 {
                let change: Change<_> = block_on(follower.changed()).unwrap();
                assert_eq!(change.to(), follower.version());
                follower.get().check(follower.version());
            }
        });
        threads.spawn(|| Counted::write(&state, 500).unwrap());
    });
}

/// Two processes that answer each other, one version at a time: a wake-up that got lost would stop both.
#[test]
fn versions_go_back_and_forth() {
    const COMMITS: u64 = 6_000;
    let _alone = alone();
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let other = child!["answer", path, COMMITS.to_string()];
    other.expect("in");
    for odd in (1..COMMITS).step_by(2) {
        state.update_versioned(Counted::commit).unwrap();
        assert_eq!(block_on(state.changed(odd)).unwrap(), odd + 1);
    }
    let _ = other.succeed();
}

/// What a task was about to get when it was cancelled, the next one gets.
#[test]
fn cancelled_tasks_lose_nothing_and_leave_nothing() {
    let _alone = alone();
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    for _ in 0..100 {
        assert!(poll_once(&mut state.changed(0)).is_pending());
        assert!(poll_once(&mut pin!(state.until(|s| (s.commits > 0).then_some(())))).is_pending());
    }
    let mut changes = state.changes().unwrap().stream();
    assert!(poll_once(&mut pin!(next(&mut changes))).is_pending());
    Counted::write(&state, 1).unwrap();
    // It is woken now, and dropped.
    assert!(poll_once(&mut pin!(next(&mut changes))).is_ready());
    assert!(poll_once(&mut pin!(next(&mut changes))).is_pending());
    Counted::write(&state, 2).unwrap();
    let caught: NewVersion = block_on(next(&mut changes)).unwrap().unwrap();
    assert_eq!((caught.version, caught.skipped), (3, 1));
    drop(changes);
    until_sleepers(0);

    // Waits that are given up at once, beside a writer: all versions are counted.
    let writer = child!["count", path, "3000"];
    writer.expect("in");
    let (mut changes, mut rng, mut last, mut cancelled) = (state.changes_since(0).stream(), Rng::new(SEED), 0, 0);
    while last < 3003 {
        let mut waits = rng.below(4);
        let caught = block_on(poll_fn(|context| match Pin::new(&mut changes).poll_next(context) {
            Poll::Ready(caught) => Poll::Ready(caught),
            Poll::Pending if waits == 0 => Poll::Ready(None),
            Poll::Pending => {
                waits -= 1;
                Poll::Pending
            }
        }));
        let Some(caught) = caught else {
            cancelled += 1;
            continue;
        };
        let caught = caught.unwrap();
        assert_eq!(caught.version, last + caught.skipped + 1);
        last = caught.version;
    }
    println!("{cancelled} waits were cancelled");
    let _ = writer.succeed();
}

#[test]
fn the_sleeper_ends_with_the_handles() {
    let _alone = alone();
    if !has_proc() {
        return println!("skipped: no /proc");
    }
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let is_mapped = || fs::read_to_string("/proc/self/maps").unwrap().contains(path.to_str().unwrap());
    let state = create(&path);
    let mut changed = state.changed(0);
    assert!(poll_once(&mut changed).is_pending());
    until_sleepers(1);
    std::mem::forget(changed);
    drop(state);
    until_sleepers(0);
    assert!(!is_mapped());
    // The slot and the region are free for others at once, whatever waits: another handle gets the first one.
    let state = State::<Counted>::options().timeout(PATIENCE).open(&path).unwrap();
    let task = Arc::new(state);
    let runtime = runtime(1);
    let waiting = runtime.spawn({
        let state = Arc::clone(&task);
        async move { state.changed(0).await.unwrap() }
    });
    drop(task);
    until_sleepers(1);
    waiting.abort();
    assert!(runtime.block_on(waiting).unwrap_err().is_cancelled());
    until_sleepers(0);
    assert!(!is_mapped());
}

#[test]
fn tasks_of_a_replaced_region_hear_of_it() {
    let _alone = alone();
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let view = State::<Counted>::open_read_only(&path).unwrap();
    thread::scope(|threads| {
        let waiters = [
            threads.spawn(|| block_on(state.changed(0)).unwrap_err().kind()),
            threads.spawn(|| block_on(view.changed(0)).unwrap_err().kind()),
        ];
        State::<Counted>::open(&path).unwrap().recreate(State::options()).unwrap();
        assert_eq!(waiters.map(|waiter| waiter.join().unwrap()), [ErrorKind::Retired; 2]);
    });
    let mut changes = state.changes_since(0).stream();
    assert_eq!(block_on(next(&mut changes)).unwrap().unwrap_err().kind(), ErrorKind::Retired);
    assert!(block_on(next(&mut changes)).is_none());
}

#[test]
fn a_task_does_not_wait_for_itself() {
    let _alone = alone();
    let dir = scratch_dir();
    let state = create(&dir.path().join("counted"));
    let refused = state.try_update(|_| Err::<Infallible, _>(block_on(state.changed(0)).unwrap_err().kind()));
    assert_eq!(refused.unwrap().unwrap_err(), ErrorKind::Reentrant);
}

#[test]
fn a_read_only_handle_has_tasks() {
    let _alone = alone();
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let view = State::<Counted>::open_read_only(&path).unwrap();
    let runtime = runtime(1);
    let view = Arc::new(view);
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let view = Arc::clone(&view);
            runtime.spawn(async move {
                let mut seen = 0;
                while seen < 20 {
                    seen = view.changed(seen).await.unwrap();
                }
            })
        })
        .collect();
    if has_proc() {
        until_sleepers(1);
    }
    eventually("the tasks see 20 versions", || {
        Counted::write(&state, 1).unwrap();
        tasks.iter().all(tokio::task::JoinHandle::is_finished)
    });
}

#[test]
fn a_descriptor_is_readable_while_there_is_a_version() {
    let _alone = alone();
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = create(&path);
    let mut changes = state.changes().unwrap().readiness().unwrap();
    let is_readable = |fd: &dyn AsFd| {
        let mut fds =
            [libc::pollfd { fd: std::os::fd::AsRawFd::as_raw_fd(&fd.as_fd()), events: libc::POLLIN, revents: 0 }];
        // SAFETY: one descriptor, for as long as the call takes.
        unsafe { libc::poll(fds.as_mut_ptr(), 1, 0) == 1 }
    };
    assert!(!is_readable(&changes) && changes.take().unwrap().is_none());
    Counted::write(&state, 2).unwrap();
    eventually("the descriptor is readable", || is_readable(&changes));
    let caught = changes.take().unwrap().unwrap();
    assert_eq!((caught.version, caught.skipped), (2, 1));
    assert!(!is_readable(&changes) && changes.take().unwrap().is_none());
    // What was there before is there at once.
    let behind = state.changes_since(1).readiness().unwrap();
    assert!(is_readable(&behind));
    // A version that is far off, or the last number that there is, is waited for.
    for seen in [3, u64::MAX] {
        let mut ahead = state.changes_since(seen).readiness().unwrap();
        assert!(!is_readable(&ahead) && ahead.take().unwrap().is_none());
        assert!(!is_readable(&ahead));
    }

    let runtime = runtime(1);
    let writer = child!["count", path, "1000"];
    writer.expect("in");
    runtime.block_on(async {
        // SAFETY: it has one descriptor for as long as it lives.
        let mut changes = unsafe { AsyncFd::register(changes) }.unwrap();
        let mut last = 2;
        while last < 1002 {
            let mut ready = tokio::time::timeout(PATIENCE, changes.readable_mut()).await.unwrap().unwrap();
            let taken = ready.get_inner_mut().take().unwrap();
            ready.clear_ready();
            if let Some(caught) = taken {
                assert_eq!(caught.version, last + caught.skipped + 1);
                last = caught.version;
            }
        }
    });
    let _ = writer.succeed();
    // The region is gone: readable, and the error says so.
    let mut changes = state.changes().unwrap().readiness().unwrap();
    State::<Counted>::open(&path).unwrap().recreate(State::options()).unwrap();
    eventually("the descriptor is readable", || is_readable(&changes));
    assert_eq!(changes.take().unwrap_err().kind(), ErrorKind::Retired);
    assert!(is_readable(&changes));
}

/// Tasks beside writers that are killed wherever they are.
#[test]
fn writers_are_killed() {
    const ROUNDS: u64 = 40;
    let _alone = alone();
    let dir = scratch_dir();
    let path = dir.path().join("counted");
    let state = Arc::new(create(&path));
    let runtime = runtime(2);
    let mut rng = Rng::new(SEED);
    for _ in 0..ROUNDS {
        let target = state.version().unwrap() + 20 + rng.below(200) as u64;
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let state = Arc::clone(&state);
                runtime.spawn(async move { state.until(|s| (s.commits >= target).then_some(s.commits)).await.unwrap() })
            })
            .collect();
        let mut writers: Vec<Child> = (0..2).map(|_| child!["count", path, "1000000000"]).collect();
        for task in tasks {
            assert!(runtime.block_on(task).unwrap() >= target);
        }
        writers.iter_mut().for_each(Child::kill);
    }
}
