//! A process of a round: it acts at random, logs what it does, and may die at any time.

use crate::shared::{Mix, Shared};
use shmstate::{ErrorKind, State};
use shmstate_tests::{Churn, ChurnOutcome, Fixture, Kind, Log, Rng, now_ns};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Duration;

/// What a process does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Makes versions.
    Writer,
    /// Looks at them.
    Reader,
    /// Creates, opens and removes another region.
    Creator,
}

impl Role {
    /// All of them, as they stand in the table.
    pub const ALL: [Role; 3] = [Role::Writer, Role::Reader, Role::Creator];

    /// How it is called.
    pub fn name(self) -> &'static str {
        match self {
            Role::Writer => "writer",
            Role::Reader => "reader",
            Role::Creator => "creator",
        }
    }
}

struct Part {
    shared: Shared,
    role: Role,
    place: usize,
    rng: Rng,
    log: Log,
    fixture: Option<State<Fixture>>,
    /// Children that have not been waited for, and their entries in `log`.
    children: Vec<(libc::pid_t, Option<usize>)>,
    /// A forked child: it has no place of its own.
    forked: bool,
}

/// The life of a process: `dir role place seed`.
pub fn run(args: &[String]) {
    // A forked child's panic must not go on into what its parent was about to do; nothing of all this is left behind.
    // SAFETY: no pointers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    let [dir, role, place, seed] = args else { panic!("four arguments: {args:?}") };
    let shared = Shared::open(dir.as_ref());
    let role = Role::ALL.into_iter().find(|r| r.name() == role).expect("a role");
    let (place, seed) = (place.parse().expect("a place"), seed.parse().expect("a seed"));
    let log = shared.new_log();
    let mut part =
        Part { shared, role, place, rng: Rng::new(seed), log, fixture: None, children: Vec::new(), forked: false };
    while !part.shared.is_over() {
        part.turn();
    }
    part.wait_for_all();
    // With a handle that may hold a dead one's slot: that must be in no other handle's way.
    if part.role != Role::Creator {
        part.fixture();
    }
    part.shared.arrive(part.place);
    part.shared.wait_for_the_end();
}

impl Part {
    /// Its handle, which it opens if it has none.
    fn fixture(&mut self) -> &State<Fixture> {
        if self.fixture.is_none() {
            let at = self.log.begin(Kind::Open);
            let fixture = self.shared.open_fixture();
            self.log.end(at, fixture.version().expect("a version"), 0);
            self.fixture = Some(fixture);
        }
        self.fixture.as_ref().expect("a handle")
    }

    fn turn(&mut self) {
        if self.log.has_no_room_for(64) {
            self.log = self.shared.new_log();
            self.children.iter_mut().for_each(|(_, entry)| *entry = None);
        }
        self.reap();
        let mix = self.shared.mix();
        match self.rng.below(2000) {
            0..6 if mix.has(Mix::FORKS) && self.children.len() < 2 => self.fork(),
            6..9 if mix.has(Mix::EXECS) => self.exec(),
            9..15 if mix.has(Mix::THREADS) && self.role != Role::Creator => self.thread(),
            15..30 if mix.has(Mix::DROPS) => self.drop_handle(),
            30..40 => std::thread::sleep(Duration::from_micros(self.rng.below(500) as u64)),
            _ => {}
        }
        match self.role {
            Role::Creator => {
                let me = now_ns();
                match Churn::step(&self.shared.other(), me, &mut self.rng) {
                    ChurnOutcome::Created => self.log.mark(Kind::Create),
                    ChurnOutcome::Removed => self.log.mark(Kind::Remove),
                    ChurnOutcome::Opened | ChurnOutcome::Refused => {}
                }
            }
            Role::Writer => {
                self.fixture();
                let fixture = self.fixture.as_ref().expect("a handle");
                for _ in 0..1 + self.rng.below(8) {
                    write(&self.shared, fixture, &mut self.log, &mut self.rng);
                }
                if self.rng.below(4) == 0 {
                    read(fixture, &mut self.log, &mut self.rng);
                }
            }
            Role::Reader => {
                self.fixture();
                let fixture = self.fixture.as_ref().expect("a handle");
                read(fixture, &mut self.log, &mut self.rng);
            }
        }
    }

    /// Half-way: one of several handles, or the only one.
    fn drop_handle(&mut self) {
        if let Some(fixture) = self.fixture.take() {
            if self.rng.below(2) == 0 {
                let at = self.log.begin(Kind::Open);
                let again = fixture.try_clone().expect("another handle");
                self.log.end(at, again.version().expect("a version"), 0);
                self.fixture = Some(again);
            }
            let at = self.log.begin(Kind::Drop);
            drop(fixture);
            self.log.end(at, 0, 0);
        }
    }

    /// A second thread on the same handle, while this one goes on.
    fn thread(&mut self) {
        self.fixture();
        let (shared, fixture, role) = (&self.shared, self.fixture.as_ref().expect("a handle"), self.role);
        let seed = self.rng.any();
        // Unfinished as long as the thread lives.
        let at = self.log.begin(Kind::Thread);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let (mut log, mut rng) = (shared.new_log(), Rng::new(seed));
                for _ in 0..10 + rng.below(100) {
                    if role == Role::Writer && rng.below(2) == 0 {
                        write(shared, fixture, &mut log, &mut rng);
                    } else {
                        read(fixture, &mut log, &mut rng);
                    }
                }
            });
            for _ in 0..self.rng.below(20) {
                read(fixture, &mut self.log, &mut self.rng);
            }
            if shared.mix().has(Mix::EXECS) && !self.forked && self.rng.below(4) == 0 {
                // In the midst of whatever the thread does.
                exec(shared, role, self.place, &mut self.log, &mut self.rng);
            }
        });
        self.log.end(at, 0, 0);
    }

    /// The process goes on as another program, in the midst of things.
    fn exec(&mut self) {
        // The one that comes after could not tell that it has no place.
        if self.forked {
            return;
        }
        let (shared, role, place) = (&self.shared, self.role, self.place);
        match (self.rng.below(3), &self.fixture) {
            (0, Some(fixture)) => {
                fixture.read(|_| exec(shared, role, place, &mut self.log, &mut self.rng)).expect("a read");
            }
            (1, Some(fixture)) if role == Role::Writer => {
                fixture
                    .update(|s| {
                        s.damage(&mut self.rng);
                        exec(shared, role, place, &mut self.log, &mut self.rng)
                    })
                    .expect("an update");
            }
            _ => exec(shared, role, place, &mut self.log, &mut self.rng),
        }
    }

    /// A child with handles of its own, which this one waits for, or leaves alone, or leaves behind.
    fn fork(&mut self) {
        let seed = self.rng.any();
        let at = self.log.begin(Kind::Fork);
        // SAFETY: this process has one thread now.
        let child = unsafe { libc::fork() };
        if child < 0 {
            // In a PID namespace whose first process has just been killed, and this one is next.
            return self.log.void(at);
        }
        if child == 0 {
            let failed = catch_unwind(AssertUnwindSafe(|| self.live_as_child(seed))).is_err();
            // SAFETY: no pointers; without the parent's destructors.
            unsafe { libc::_exit(if failed { 101 } else { 0 }) }
        }
        match self.rng.below(4) {
            // The child outlives its parent, unless they have a PID namespace of their own, which ends with its first
            // process.
            0 => std::process::exit(0),
            1 => {
                wait_for(child, 0);
                self.log.end(at, 0, 0);
            }
            _ => self.children.push((child, Some(at))),
        }
    }

    fn live_as_child(&mut self, seed: u64) {
        self.forked = true;
        self.children.clear();
        self.log = self.shared.new_log();
        self.rng = Rng::new(seed);
        if let Some(inherited) = self.fixture.take() {
            let refused = inherited.update(Fixture::step).map_err(|e| e.kind());
            assert_eq!(refused, Err(ErrorKind::Forked), "a parent's handle");
            if self.rng.below(2) == 0 {
                drop(inherited);
            } else {
                std::mem::forget(inherited);
            }
        }
        for _ in 0..50 + self.rng.below(5000) {
            if self.shared.is_over() {
                break;
            }
            self.turn();
        }
        self.wait_for_all();
        self.fixture = None;
    }

    /// Waits for the children that have ended.
    fn reap(&mut self) {
        let log = &mut self.log;
        self.children.retain(|(child, entry)| {
            let ended = wait_for(*child, libc::WNOHANG);
            if let (true, Some(entry)) = (ended, entry) {
                log.end(*entry, 0, 0);
            }
            !ended
        });
    }

    /// Waits for all children, also for those from before an `exec`, and for orphans that fell to this process.
    fn wait_for_all(&mut self) {
        while wait_for(-1, 0) {}
    }
}

/// Whether such a child was there and has ended.
fn wait_for(child: libc::pid_t, how: libc::c_int) -> bool {
    let mut status = 0;
    // SAFETY: a place for the status.
    let ended = unsafe { libc::waitpid(child, &raw mut status, how) };
    if ended <= 0 {
        return false;
    }
    let killed = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
    assert!(status == 0 || killed, "a forked child failed: status {status:#x}");
    true
}

/// This program once more, in this process.
fn exec(shared: &Shared, role: Role, place: usize, log: &mut Log, rng: &mut Rng) -> ! {
    log.mark(Kind::Exec);
    let mut command = Command::new("/proc/self/exe");
    command.arg(crate::PART).arg(shared.dir()).args([role.name(), &place.to_string(), &rng.any().to_string()]);
    let error = command.exec();
    panic!("no exec: {error}");
}

/// One new version, perhaps after one that came to nothing. Some are long, and some are the last thing that happens.
fn write(shared: &Shared, fixture: &State<Fixture>, log: &mut Log, rng: &mut Rng) {
    match rng.below(24) {
        0 => {
            let at = log.begin(Kind::RollBack);
            let verdict = fixture.try_update(|s| {
                s.damage(rng);
                Err::<(), _>("no")
            });
            assert_eq!(verdict.expect("an update"), Err("no"));
            log.end(at, 0, 0);
        }
        1 => {
            let at = log.begin(Kind::RollBack);
            let out = catch_unwind(AssertUnwindSafe(|| {
                fixture.update(|s| {
                    s.damage(rng);
                    // Without the hook, which would write to the error output.
                    std::panic::resume_unwind(Box::new("out"));
                })
            }));
            assert!(out.is_err(), "a panic goes through");
            log.end(at, 0, 0);
        }
        _ => {}
    }
    let (fate, when) = (rng.below(1500), rng.below(3));
    let at = log.begin(Kind::Update);
    let fateful = |s: &mut Fixture, log: &mut Log, rng: &mut Rng| match fate {
        0 if shared.mix().has(Mix::KILLS) => {
            s.damage(rng);
            die(log);
            // The first process of a PID namespace cannot do that to itself. It is as if nothing had happened.
            true
        }
        1..6 => {
            std::thread::sleep(Duration::from_micros(rng.below(1000) as u64));
            false
        }
        _ => false,
    };
    let made = fixture.try_update(|s| {
        if when == 0 && fateful(s, log, rng) {
            return Err(());
        }
        s.step();
        if when == 1 && fateful(s, log, rng) {
            return Err(());
        }
        if rng.below(16) == 0 {
            // What the closure sees of its own region is the version before.
            assert_eq!(fixture.read(|before| before.steps + 1).expect("a read"), s.steps);
        }
        let made = (s.steps, s.digest());
        if when == 2 && fateful(s, log, rng) {
            return Err(());
        }
        Ok(made)
    });
    match made.expect("an update") {
        Ok((version, digest)) => log.end(at, version, digest),
        Err(()) => log.void(at),
    }
}

/// One look, in one of several ways.
fn read(fixture: &State<Fixture>, log: &mut Log, rng: &mut Rng) {
    if rng.below(4) == 0 {
        let at = log.begin(Kind::Snapshot);
        let seen = fixture.snapshot().expect("a snapshot");
        return log.end(at, seen.steps, seen.digest());
    }
    let at = log.begin(Kind::Read);
    let (way, nap) = (rng.below(64), Duration::from_micros(rng.below(2000) as u64));
    let (version, digest) = fixture
        .read(|s| {
            let seen = (s.steps, s.digest());
            match way {
                0 => std::thread::sleep(nap),
                1..4 => std::thread::yield_now(),
                4..8 => assert!(fixture.snapshot().expect("a snapshot").steps >= seen.0),
                8..12 => assert!(fixture.read(|s| s.steps).expect("a read") >= seen.0),
                _ => return seen,
            }
            assert_eq!(seen, (s.steps, s.digest()), "what a reader holds stays as it is");
            seen
        })
        .expect("a read");
    log.end(at, version, digest);
}

/// As by `kill -9`, unless this is the first process of a PID namespace.
fn die(log: &mut Log) {
    if std::process::id() != 1 {
        log.mark(Kind::Death);
        // SAFETY: no pointers.
        unsafe { libc::raise(libc::SIGKILL) };
        unreachable!("no process survives that");
    }
}
