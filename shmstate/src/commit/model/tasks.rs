//! Tasks that wait for versions, beside writers: one thread sleeps for all of them.
//!
//! Where no nap ends by itself, a version that a task sleeps through is a deadlock.

use super::super::{Call, Published, Tasks, Ticket};
use super::explore::explore;
use super::fixture::Fixture;
use loom::thread::{self, JoinHandle, Thread};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

/// Wakes the thread that runs a task.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What the tasks of a process have in common; and the threads that they have started, for the scene to join.
struct Process {
    fixture: Arc<Fixture>,
    tasks: Tasks,
    /// Not loom's: it is held for no time.
    started: Mutex<Vec<JoinHandle<()>>>,
}

impl Process {
    /// The news after `seen`, or `waker` is woken when there is any; through slot 1, the process's.
    fn news_or_wait(self: &Arc<Self>, ticket: &mut Option<Ticket>, seen: usize, waker: &Waker) -> Option<Published> {
        let call = |call| {
            if call == Call::Start {
                let process = Arc::clone(self);
                let server = thread::spawn(move || process.fixture.serve(1, &process.tasks));
                self.started.lock().expect("no panic with the lock").push(server);
            }
            Ok::<_, Infallible>(())
        };
        let Ok(news) = self.fixture.shared().news_or_wait(&self.tasks, ticket, seen as u64, waker, call);
        news
    }

    /// A task that catches versions until `last`.
    fn task(self: &Arc<Self>, last: usize) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let (shared, mut ticket, mut seen) = (self.fixture.shared(), None, 0);
        while seen < last {
            let mut now = shared.published();
            if !now.is_news(seen as u64) {
                match self.news_or_wait(&mut ticket, seen, &waker) {
                    Some(newer) => now = newer,
                    None => {
                        thread::park();
                        continue;
                    }
                }
            }
            seen = now.version as usize;
            ticket.take().into_iter().for_each(|ticket| self.tasks.forget(ticket));
        }
    }
}

fn process(fixture: &Arc<Fixture>) -> Arc<Process> {
    Arc::new(Process { fixture: Arc::clone(fixture), tasks: Tasks::new(), started: Mutex::default() })
}

fn spawn_task(process: &Arc<Process>, last: usize) -> JoinHandle<()> {
    let process = Arc::clone(process);
    thread::spawn(move || process.task(last))
}

/// Waits for the threads that sleep for tasks, of which none waits.
fn finish(process: &Process, updates: usize) {
    let started = std::mem::take(&mut *process.started.lock().expect("no panic with the lock"));
    started.into_iter().for_each(|server| server.join().expect("joined"));
    process.fixture.finish(updates);
}

/// As many tasks, on threads of their own, beside a writer, which is this thread.
fn wait_for_a_writer(tasks: usize, updates: usize) {
    let fixture = Fixture::without_naps(3, 2);
    let process = process(&fixture);
    let tasks: Vec<_> = (0..tasks).map(|_| spawn_task(&process, updates)).collect();
    for version in 1..=updates {
        assert_eq!(fixture.update(0), version);
    }
    tasks.into_iter().for_each(|task| task.join().expect("joined"));
    finish(&process, updates);
}

/// A task waits for the first version, while the thread already sleeps for one that waits for the second.
fn wait_beside_a_later_wait() {
    let fixture = Fixture::without_naps(3, 2);
    let (process, mut later) = (process(&fixture), None);
    assert!(process.news_or_wait(&mut later, 1, Waker::noop()).is_none(), "there is no second version yet");
    let task = spawn_task(&process, 1);
    assert_eq!(fixture.update(0), 1);
    task.join().expect("joined");
    assert_eq!(fixture.update(0), 2);
    finish(&process, 2);
}

/// The last handle is dropped while a task still waits.
fn dismiss_beside_a_wait() {
    let fixture = Fixture::without_naps(3, 2);
    let (process, mut forgotten) = (process(&fixture), None);
    assert!(process.news_or_wait(&mut forgotten, 0, Waker::noop()).is_none(), "there is no version yet");
    fixture.dismiss(1, &process.tasks);
    finish(&process, 0);
}

#[test]
fn one_task_one_writer() {
    explore("K=3, 1 task, 1 writer x2, woken only", Some(3), || wait_for_a_writer(1, 2));
}

#[test]
fn two_tasks_one_writer() {
    explore("K=3, 2 tasks, 1 writer x1, woken only", Some(2), || wait_for_a_writer(2, 1));
}

#[test]
fn a_task_beside_a_later_wait() {
    explore("K=3, 1 task and a later wait, 1 writer x2, woken only", Some(2), wait_beside_a_later_wait);
}

#[test]
fn a_dismissed_thread_ends() {
    explore("K=3, 1 task, and its thread is dismissed, woken only", None, dismiss_beside_a_wait);
}
