//! Faults of waiting for a version.

use super::Check::{Loom, Process, Shuttle};
use super::Mutant;
use super::symptoms::DEADLOCK;
use super::weave::{before, instead, left_out, value};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "F1",
        breaks: "a waiter raises its flag, Relaxed",
        patches: &[value("commit/waiting.rs", "fetch_or(NOTIFY, «AcqRel»)", "Relaxed")],
        checks: &[Loom("waiters::one_waiter_one_writer", DEADLOCK)],
    },
    Mutant {
        name: "check_before_arm",
        breaks: "a waiter looks for a version, then raises its flag",
        patches: &[
            before(
                "commit/waiting.rs",
                "lock.word.fetch_or(NOTIFY, AcqRel);",
                "let now = self.published(); if now.is_news(version) { return Some(now); }",
            ),
            left_out("commit/waiting.rs", "«if now.is_news(version) { return Some(now); }» sleep(&lock.bell"),
        ],
        checks: &[Loom("waiters::one_waiter_one_writer", DEADLOCK)],
    },
    Mutant {
        name: "bell_not_counted",
        breaks: "the bell rings and keeps its number",
        patches: &[left_out("commit/lock.rs", "lock.bell.fetch_add(1, Release);")],
        checks: &[Loom("waiters::one_waiter_one_writer", DEADLOCK)],
    },
    Mutant {
        name: "bell_looked_at_late",
        breaks: "a waiter raises its flag, then looks at the bell",
        patches: &[value("commit/waiting.rs", "sleep(&lock.bell, «bell»,", "lock.bell.load(Relaxed)")],
        checks: &[Loom("waiters::one_waiter_one_writer", DEADLOCK)],
    },
    Mutant {
        name: "ring_before_unlock",
        breaks: "a writer rings for the flags that it sees, then takes all away",
        patches: &[value(
            "commit/lock.rs",
            "self.control.lock.word.swap(0, Release) & !OWNER",
            "{ if self.control.lock.word.load(Relaxed) & NOTIFY != 0 { self.wake(NOTIFY, os) } self.control.lock.word.swap(0, Release) & WAIT }",
        )],
        checks: &[Loom("waiters::one_waiter_one_writer", DEADLOCK), Shuttle("schedules::waiters_are_woken")],
    },
    Mutant {
        name: "one_waiter_is_woken",
        breaks: "the bell wakes one of those that sleep on it",
        patches: &[instead("commit/lock.rs", "os.wake_all(&lock.bell);", "os.wake(&lock.bell);")],
        checks: &[Loom("waiters::two_waiters_one_writer", DEADLOCK), Shuttle("schedules::waiters_are_woken")],
    },
    Mutant {
        name: "lock_drops_the_flag",
        breaks: "a writer that takes the lock forgets the waiters",
        patches: &[value("commit/lock.rs", "compare_exchange(seen, «seen | owner(me)», Acquire", "owner(me)")],
        checks: &[Loom("waiters::one_waiter_one_writer", DEADLOCK), Shuttle("schedules::waiters_are_woken")],
    },
    Mutant {
        name: "take_over_drops_the_flag",
        breaks: "a writer that takes the lock of the dead forgets the waiters",
        patches: &[value("commit/lock.rs", "owner(me) | WAIT | seen & NOTIFY", "owner(me) | WAIT")],
        checks: &[Loom("waiters::a_taken_over_lock_rings", DEADLOCK)],
    },
    Mutant {
        name: "unlock_keeps_the_flag",
        breaks: "an unlock leaves the flag of the waiters, so that a dead waiter costs each update a call",
        patches: &[value("commit/lock.rs", "swap(«0», Release)", "(self.control.lock.word.load(Relaxed) & NOTIFY)")],
        checks: &[
            Loom("waiters::a_waiter_dies", "a dead waiter's flag stays"),
            Process("waiting", "dead_waiters_cost_nothing"),
        ],
    },
    Mutant {
        name: "task_looks_too_early",
        breaks: "a task looks for a version, and registers after that",
        patches: &[
            left_out("commit/tasks.rs", "call(tasks.register(ticket, version, waker))?;"),
            value(
                "commit/tasks.rs",
                "Ok(«now.is_news(version).then_some(now)»)",
                "{ if !now.is_news(version) { call(tasks.register(ticket, version, waker))?; } now.is_news(version).then_some(now) }",
            ),
        ],
        checks: &[Loom("tasks::a_task_beside_a_later_wait", DEADLOCK)],
    },
    Mutant {
        name: "sleeper_leaves_tasks",
        breaks: "the thread that sleeps for tasks ends although one has come",
        patches: &[value(
            "commit/tasks.rs",
            "_ if «!waiting.tasks.is_empty()»",
            "!has_idled && !waiting.tasks.is_empty()",
        )],
        checks: &[Loom("tasks::one_task_one_writer", DEADLOCK)],
    },
    Mutant {
        name: "sleeper_skips_a_version",
        breaks: "the thread that sleeps for tasks waits for the version after one that it has not woken them for",
        patches: &[value(
            "commit/tasks.rs",
            "Service::In if announced => self.wait_newer(«now.version»,",
            "self.published_relaxed().version",
        )],
        checks: &[Loom("tasks::one_task_one_writer", DEADLOCK)],
    },
    Mutant {
        name: "dismissed_sleeper_stays",
        breaks: "the thread that sleeps for tasks sleeps on when no handle is left",
        patches: &[value("commit/tasks.rs", "«waiting.thread == Thread::Serves» && !waiting.tasks.is_empty()", "true")],
        checks: &[Loom("tasks::a_dismissed_thread_ends", DEADLOCK)],
    },
    Mutant {
        name: "ring_before_the_dismissal",
        breaks: "the thread that sleeps for tasks is woken, and dismissed after that",
        patches: &[instead(
            "commit/tasks.rs",
            "tasks.dismiss(); self.ring_bell(wake_all);",
            "self.ring_bell(wake_all); tasks.dismiss();",
        )],
        checks: &[Loom("tasks::a_dismissed_thread_ends", DEADLOCK)],
    },
    Mutant {
        name: "a_sleeper_a_task",
        breaks: "each task starts a thread",
        patches: &[left_out("commit/tasks.rs", "if call != Call::Nothing { «waiting.thread = Thread::Serves;» }")],
        checks: &[Process("tasks", "a_thousand_tasks_are_one_sleeper")],
    },
    Mutant {
        name: "cancelled_task_stays",
        breaks: "a task that was cancelled still waits",
        patches: &[left_out("region/task.rs", "server.forget(ticket);")],
        checks: &[Process("tasks", "cancelled_tasks_lose_nothing_and_leave_nothing")],
    },
];
