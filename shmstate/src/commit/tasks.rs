//! Tasks that wait for versions: however many there are in a process, one thread sleeps for them.
//!
//! A task leaves its waker here, and looks for a version after that. The thread looks for a version, wakes the tasks for which it is
//! news, and sleeps on the bell, as one waiter of [`super::waiting`], while any task is left.
//!
//! No task misses a version. The mutex puts each registration before or after each look of the thread at the registered tasks. If
//! a registration comes after the look that followed a version, the task sees that version when it looks for itself, because the
//! thread had seen it. If it comes before, that look finds the task. A version that comes later ends the thread's sleep.

use super::outside::Clock;
use super::service::Service;
use super::shared::Shared;
use super::words::Published;
use crate::sync::{AtomicU32, Mutex};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::task::Waker;
use std::time::Duration;

/// The tasks that wait for versions of one region.
pub(crate) struct Tasks {
    waiting: Mutex<Waiting>,
}

struct Waiting {
    /// By their tickets.
    tasks: BTreeMap<u64, Task>,
    last_ticket: u64,
    thread: Thread,
}

struct Task {
    /// What it has seen.
    version: u64,
    waker: Waker,
}

/// What the thread that sleeps for the tasks is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thread {
    /// There is none.
    Absent,
    /// It sleeps on the bell, or is about to.
    Serves,
    /// It has found no task, and stays for a moment, so that a task that waits again and again does not start a thread each time.
    Idles,
    /// No handle is left, and it has to end.
    Dismissed,
}

/// A task that waits. Only [`Tasks::forget`] may drop it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// What the caller has to do after it has registered a task, and before it looks for a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub(crate) enum Call {
    /// Nothing: the thread serves.
    Nothing,
    /// To wake the thread, which idles.
    Wake,
    /// To start a thread that [serves](Shared::serve).
    Start,
}

/// What the thread does next.
enum Next {
    Sleep,
    Idle,
    End,
}

impl Tasks {
    pub(crate) fn new() -> Tasks {
        let waiting = Waiting { tasks: BTreeMap::new(), last_ticket: 0, thread: Thread::Absent };
        Tasks { waiting: Mutex::new(waiting) }
    }

    fn with<R>(&self, f: impl FnOnce(&mut Waiting) -> R) -> R {
        // No code of the program's runs with the lock, and none that panics.
        f(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has `waker` woken when there is news after `version`. The caller looks for that afterwards.
    fn register(&self, ticket: &mut Option<Ticket>, version: u64, waker: &Waker) -> Call {
        let task = Task { version, waker: waker.clone() };
        let (before, call) = self.with(|waiting| {
            let number = match ticket {
                Some(Ticket(number)) => *number,
                None => {
                    waiting.last_ticket += 1;
                    *ticket = Some(Ticket(waiting.last_ticket));
                    waiting.last_ticket
                }
            };
            let call = match waiting.thread {
                Thread::Absent => Call::Start,
                Thread::Idles => Call::Wake,
                Thread::Serves | Thread::Dismissed => Call::Nothing,
            };
            if call != Call::Nothing {
                waiting.thread = Thread::Serves;
            }
            (waiting.tasks.insert(number, task), call)
        });
        drop(before);
        call
    }

    /// The task waits no more.
    pub(crate) fn forget(&self, ticket: Ticket) {
        let task = self.with(|waiting| waiting.tasks.remove(&ticket.0));
        drop(task);
    }

    /// Wakes each task, because the thread could not be started. Each task finds that out as well.
    pub(crate) fn has_no_thread(&self) {
        let tasks = self.with(|waiting| {
            waiting.thread = Thread::Absent;
            std::mem::take(&mut waiting.tasks)
        });
        wake_all(tasks.into_values());
    }

    /// No handle is left: the thread ends, whatever tasks were forgotten here. If it sleeps on the bell, a ring has to follow: see
    /// [`Shared::dismiss`].
    pub(crate) fn dismiss(&self) {
        self.with(|waiting| waiting.thread = Thread::Dismissed);
    }

    /// Wakes the tasks for which `now` is news, and says what the thread does next; `has_idled`: it has stayed long enough without a
    /// task.
    fn wake(&self, now: Published, has_idled: bool) -> Next {
        let (woken, next) = self.with(|waiting| {
            let news = waiting.tasks.iter().filter(|(_, task)| now.is_news(task.version)).map(|(number, _)| *number);
            let news: Vec<u64> = news.collect();
            let woken: Vec<Task> = news.iter().filter_map(|number| waiting.tasks.remove(number)).collect();
            let next = match waiting.thread {
                Thread::Dismissed => Next::End,
                _ if !waiting.tasks.is_empty() => Next::Sleep,
                Thread::Idles if has_idled => Next::End,
                _ => Next::Idle,
            };
            match next {
                Next::Sleep => {}
                Next::Idle => waiting.thread = Thread::Idles,
                Next::End if waiting.thread != Thread::Dismissed => waiting.thread = Thread::Absent,
                Next::End => {}
            }
            (woken, next)
        });
        wake_all(woken);
        next
    }
}

fn wake_all(tasks: impl IntoIterator<Item = Task>) {
    for task in tasks {
        // A waker is the program's: should it panic, the other tasks are woken all the same.
        let _ = catch_unwind(AssertUnwindSafe(|| task.waker.wake()));
    }
}

/// Time goes on for as long as a task waits.
struct WhileTasksWait<'a>(&'a Tasks);

impl Clock for WhileTasksWait<'_> {
    fn remaining(&mut self) -> Option<Duration> {
        let wait = self.0.with(|waiting| waiting.thread == Thread::Serves && !waiting.tasks.is_empty());
        wait.then_some(Duration::MAX)
    }
}

impl Shared<'_> {
    /// The news after `version`, if there is any now; else `waker` is woken when there is. `call` does what the thread needs.
    pub(crate) fn news_or_wait<E>(
        &self,
        tasks: &Tasks,
        ticket: &mut Option<Ticket>,
        version: u64,
        waker: &Waker,
        call: impl Fn(Call) -> Result<(), E>,
    ) -> Result<Option<Published>, E> {
        call(tasks.register(ticket, version, waker))?;
        let now = self.published_relaxed();
        Ok(now.is_news(version).then_some(now))
    }

    /// [`Tasks::dismiss`], where the thread sleeps on the bell. It reads the bell's number before it looks whether it is dismissed, so
    /// the ring ends its sleep.
    pub(crate) fn dismiss(&self, tasks: &Tasks, wake_all: impl FnOnce(&AtomicU32)) {
        tasks.dismiss();
        self.ring_bell(wake_all);
    }

    /// Serves the tasks, as the one thread that does, until none waits any more. `announced`: it may write the lock word. `sleep` sleeps
    /// on a word, as [`Os::wait`](super::Os::wait) does; `pause` lets time pass while the region is being replaced, and `idle` until
    /// a task may be there again.
    pub(crate) fn serve(
        &self,
        tasks: &Tasks,
        announced: bool,
        sleep: impl Fn(&AtomicU32, u32, Duration),
        pause: impl Fn(),
        idle: impl Fn(),
    ) {
        let mut has_idled = false;
        loop {
            let now = self.published_relaxed();
            match tasks.wake(now, has_idled) {
                Next::End => return,
                Next::Idle => {
                    idle();
                    has_idled = true;
                }
                Next::Sleep => {
                    has_idled = false;
                    let _ = match now.service() {
                        Service::In if announced => self.wait_newer(now.version, &sleep, &mut WhileTasksWait(tasks)),
                        Service::In => self.wait_unannounced(now.version, &sleep, &mut WhileTasksWait(tasks)),
                        _ => {
                            pause();
                            None
                        }
                    };
                }
            }
        }
    }
}
