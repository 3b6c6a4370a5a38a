//! One round: a few seconds of trouble, then the question whether all of it could have happened.

use crate::figures::{Figures, How, ORPHAN};
use crate::part::Role;
use crate::process::{self, Namespaces};
use crate::progress::Progress;
use crate::shared::{LIMIT, Mix, Shared};
use shmstate::State;
use shmstate_tests::history::History;
use shmstate_tests::{Entry, Fixture, Kind, Log, Rng, now_ns};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where the format chapter puts the lock, the number of slots that were used, the count of recoveries, and the slots.
const LOCK_AT: u64 = 256;
const USED_AT: u64 = 384;
const RECOVERIES_AT: u64 = 392;
const SLOTS_AT: u64 = 512;
/// The first slot's byte, which its holder has locked.
const FIRST_BYTE: i64 = 0x4000_0000_0000_0001;

/// Which processes take part, and on what.
pub struct Plan {
    pub writers: usize,
    pub readers: usize,
    pub copies: Option<usize>,
    pub namespaces: Option<Namespaces>,
}

/// All rounds.
pub struct Campaign {
    pub plan: Plan,
    pub shared: Shared,
    pub rng: Rng,
    pub figures: Figures,
    /// The fixture as it has to be after the last round; none, if the next one begins anew.
    pub model: Option<Box<Fixture>>,
    pub progress: Progress,
}

/// A process of the round.
struct Child {
    pid: libc::pid_t,
    role: Role,
    place: usize,
    since: u64,
    /// Stopped from when, until when.
    stopped: Option<(u64, u64)>,
    /// Since when it is to be dead.
    killed: Option<u64>,
}

/// What happens in one round.
struct Scene {
    cast: Vec<Child>,
    wrong: Vec<String>,
    kills: u64,
    /// When writers were killed, or processes that may have been writing.
    writers_killed: Vec<u64>,
    stops: Vec<(u64, u64)>,
    file: File,
    recoveries: u64,
    in_namespaces: usize,
}

impl Campaign {
    /// One round of that length. What comes back is what cannot be.
    pub fn round(&mut self, time: Duration) -> Vec<String> {
        let copies = self.plan.copies.unwrap_or_else(|| [2, 3, 3, 4, 8][self.rng.below(5)]);
        let mut model = match self.model.take() {
            Some(model) => model,
            None => {
                let _ = std::fs::remove_file(self.shared.fixture());
                let new = State::<Fixture>::options().copies(copies).handles(256).create(self.shared.fixture());
                drop(new.expect("a new fixture"));
                Fixture::first()
            }
        };
        let mix = Mix(if self.rng.below(3) == 0 { Mix::ALL } else { self.rng.any() | Mix::KILLS });
        self.shared.begin(mix, time);
        let file = File::open(self.shared.fixture()).expect("the fixture's file");
        let mut scene = Scene {
            cast: Vec::new(),
            wrong: Vec::new(),
            kills: 0,
            writers_killed: Vec::new(),
            stops: Vec::new(),
            recoveries: recoveries(&file),
            file,
            in_namespaces: self.plan.namespaces.map_or(0, |_| [0, 1, 1, 2][self.rng.below(4)]),
        };
        let held = (self.rng.below(2) == 0).then(|| self.shared.open_fixture());
        self.trouble(&mut scene, mix, time);
        self.end(&mut scene, held);
        let first = model.steps;
        let digests = self.check(&mut scene, &mut model);
        self.figures.rounds += 1;
        self.figures.versions += digests.saturating_sub(1) as u64;
        debug_assert!(model.steps >= first);
        // The next round goes on from here, or begins anew.
        self.model = (self.rng.below(2) == 0).then_some(model);
        scene.wrong
    }

    fn start(&mut self, scene: &mut Scene, role: Role, place: usize) {
        self.shared.clear(place);
        let seed = self.rng.any().to_string();
        let dir = self.shared.dir().to_str().expect("a path in UTF-8");
        let own = self.plan.namespaces.filter(|_| self.rng.below(2) < scene.in_namespaces);
        let args = [crate::PART, dir, role.name(), &place.to_string(), &seed];
        let pid = process::start(&args, own).expect("another process");
        self.figures.processes += 1;
        self.figures.in_namespaces += u64::from(own.is_some());
        scene.cast.push(Child { pid, role, place, since: now_ns(), stopped: None, killed: None });
    }

    /// Processes are killed or stopped, all the time.
    fn trouble(&mut self, scene: &mut Scene, mix: Mix, time: Duration) {
        let roles = [(Role::Writer, self.plan.writers), (Role::Reader, self.plan.readers), (Role::Creator, 2)];
        let roles = roles.into_iter().flat_map(|(role, n)| std::iter::repeat_n(role, n));
        for (place, role) in roles.enumerate() {
            self.start(scene, role, place);
        }
        // Kills follow each other closely, or from afar.
        let pace = [8, 20, 60][self.rng.below(3)];
        let begun = Instant::now();
        while begun.elapsed() < time {
            std::thread::sleep(Duration::from_micros(200 + self.rng.below(2000) as u64));
            scene.look_at_recoveries(&mut self.figures);
            scene.let_go_on(now_ns());
            if mix.has(Mix::KILLS) && self.rng.below(pace) == 0 {
                self.kill(scene);
            }
            if mix.has(Mix::STOPS) && self.rng.below(20) == 0 {
                let one = self.rng.below(scene.cast.len());
                let one = &mut scene.cast[one];
                if one.stopped.is_none() && one.killed.is_none() {
                    let now = now_ns();
                    one.stopped = Some((now, now + self.rng.below(25_000_000) as u64));
                    process::signal(one.pid, libc::SIGSTOP);
                    self.figures.stops += 1;
                }
            }
            for (role, place) in scene.reap(&mut self.figures) {
                self.start(scene, role, place);
            }
            self.progress.tell(&self.figures);
        }
    }

    fn kill(&mut self, scene: &mut Scene) {
        let orphans = || process::children().into_iter().filter(|pid| scene.cast.iter().all(|one| one.pid != *pid));
        if self.rng.below(8) == 0
            && let Some(orphan) = orphans().next()
        {
            scene.writers_killed.push(now_ns());
            process::signal(orphan, libc::SIGKILL);
            self.figures.kills[ORPHAN][How::Running as usize] += 1;
            scene.kills += 1;
            return;
        }
        // Writers more often than others.
        let mut one = self.rng.below(scene.cast.len());
        if scene.cast[one].role != Role::Writer && self.rng.below(2) == 0 {
            one = self.rng.below(scene.cast.len());
        }
        let one = &mut scene.cast[one];
        if one.killed.is_some() {
            return;
        }
        let now = now_ns();
        let how = match one.stopped {
            Some(_) => How::Stopped,
            None if now - one.since < 8_000_000 => How::Starting,
            None => How::Running,
        };
        process::signal(one.pid, libc::SIGKILL);
        one.killed = Some(now);
        if one.role == Role::Writer {
            scene.writers_killed.push(now);
        }
        scene.kills += 1;
        self.figures.kills[one.role as usize][how as usize] += 1;
    }

    /// All processes end while they hold a handle; then none is in another one's way.
    fn end(&mut self, scene: &mut Scene, held: Option<State<Fixture>>) {
        scene.let_go_on(u64::MAX);
        self.shared.stop();
        let since = Instant::now();
        // Orphans are adopted, and end without further ado.
        let all_idle = |scene: &Scene, shared: &Shared| {
            scene.cast.iter().all(|one| shared.has_arrived(one.place)) && process::children().len() <= scene.cast.len()
        };
        while !all_idle(scene, &self.shared) && since.elapsed() < LIMIT * 2 {
            std::thread::sleep(Duration::from_millis(1));
            scene.look_at_recoveries(&mut self.figures);
            scene.reap(&mut self.figures);
        }
        for one in scene.cast.iter().filter(|one| !self.shared.has_arrived(one.place)) {
            scene.wrong.push(format!("stuck: a {} does not come to its end", one.role.name()));
        }
        if scene.wrong.is_empty() && process::children().len() == scene.cast.len() {
            scene.wrong.extend(held_by_the_idle(&scene.file));
        }
        let mut log = self.shared.new_log();
        let fixture = match held {
            Some(fixture) => Ok(fixture),
            None => self.shared.try_fixture(),
        };
        // All copies are free but the active one, whichever process died: each gets its turn.
        let updates = fixture.and_then(|fixture| {
            for _ in 0..16 {
                let at = log.begin(Kind::Update);
                let (version, digest) = fixture.update(|s| {
                    s.step();
                    (s.steps, s.digest())
                })?;
                log.end(at, version, digest);
            }
            Ok(())
        });
        if let Err(e) = updates {
            scene.wrong.push(format!("stuck: an update when all are idle: {e}"));
        } else if word(&scene.file, LOCK_AT) & !(1 << 31) != 0 {
            scene.wrong.push("the lock is taken when all are idle".into());
        }
        scene.look_at_recoveries(&mut self.figures);
        self.shared.let_go();
        let since = Instant::now();
        while !(scene.cast.is_empty() && process::children().is_empty()) {
            scene.reap(&mut self.figures);
            if since.elapsed() > LIMIT {
                scene.wrong.push(format!("stuck: {} processes do not end", process::children().len()));
                process::children().into_iter().for_each(|pid| process::signal(pid, libc::SIGKILL));
                std::thread::sleep(Duration::from_secs(1));
                scene.reap(&mut self.figures);
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Brings the model to the last version, and says how many digests there were.
    fn check(&mut self, scene: &mut Scene, model: &mut Fixture) -> usize {
        let first = model.steps;
        let seen = match self.shared.try_fixture().and_then(|fixture| fixture.snapshot()) {
            Ok(seen) => seen,
            Err(e) => {
                scene.wrong.push(format!("the fixture at the end: {e}"));
                return 0;
            }
        };
        let lives: Vec<(PathBuf, Vec<Entry>)> =
            self.shared.logs().into_iter().map(|path| (path.clone(), Log::load(path))).collect();
        let (paths, lives): (Vec<_>, Vec<_>) = lives.into_iter().unzip();
        lives.iter().for_each(|life| self.figures.count(life));
        let last = seen.steps;
        // What no process can have made needs no model.
        let begun = lives.iter().flatten().filter(|entry| entry.kind == Kind::Update).count() as u64;
        if last < first || last > first + begun {
            scene.wrong.push(format!("version {last} at the end, {first} at the beginning, {begun} updates begun"));
            return 0;
        }
        let mut digests = vec![model.digest()];
        while model.steps < last {
            model.step();
            digests.push(model.digest());
        }
        if *seen != *model {
            scene.wrong.push(format!("version {last}, at the end, is not what it has to be"));
        }
        let mut deaths = scene.kills;
        for entry in lives.iter().flatten() {
            match entry.kind {
                Kind::Death | Kind::Exec => deaths += 1,
                // A thread or a child that may have gone with the process.
                Kind::Thread | Kind::Fork if entry.after == 0 => deaths += 1,
                _ => {}
            }
        }
        let history = History { first, last, digests: &digests, lives: &lives, deaths };
        scene.wrong.extend(history.violations());
        self.waits(scene, &lives);
        for path in paths {
            let _ = std::fs::remove_file(path);
        }
        digests.len()
    }

    /// How long it took after each death of a writer until the next update succeeded.
    fn waits(&mut self, scene: &Scene, lives: &[Vec<Entry>]) {
        let of = |kind| lives.iter().flatten().filter(move |entry| entry.kind == kind && entry.after != 0);
        let mut ends: Vec<(u64, u64)> = of(Kind::Update).map(|entry| (entry.after, entry.before)).collect();
        ends.sort_unstable();
        for death in scene.writers_killed.iter().copied().chain(of(Kind::Death).map(|entry| entry.before)) {
            let Some((next, begun)) = ends.get(ends.partition_point(|(end, _)| *end <= death)) else { continue };
            if !scene.stops.iter().any(|(from, to)| *from < *next && *to > death) {
                self.figures.gaps.push(next - death);
                self.figures.waits.push(next - death.max(*begun));
            }
        }
    }
}

impl Scene {
    /// Continues the processes that have been stopped for long enough by `now`.
    fn let_go_on(&mut self, now: u64) {
        for one in &mut self.cast {
            if let Some((from, until)) = one.stopped
                && until <= now
            {
                process::signal(one.pid, libc::SIGCONT);
                one.stopped = None;
                self.stops.push((from, now_ns()));
            }
        }
    }

    /// Reaps the processes that have ended, and returns whose places are free.
    fn reap(&mut self, figures: &mut Figures) -> Vec<(Role, usize)> {
        let mut free = Vec::new();
        while let Some((pid, status)) = process::ended(-1, libc::WNOHANG) {
            let one = self.cast.iter().position(|one| one.pid == pid).map(|at| self.cast.swap_remove(at));
            let killed = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
            let name = one.as_ref().map_or("orphan", |one| one.role.name());
            if status != 0 && !killed {
                self.wrong.push(format!("a {name} failed: status {status:#x}, and its words above"));
            }
            match one {
                Some(one) => {
                    if let (Role::Writer, Some(since), None) = (one.role, one.killed, one.stopped) {
                        figures.ends.push(now_ns() - since);
                    }
                    self.stops.extend(one.stopped.map(|(from, _)| (from, now_ns())));
                    free.push((one.role, one.place));
                }
                None => figures.orphans += 1,
            }
        }
        free
    }

    /// The count begins anew with some populations.
    fn look_at_recoveries(&mut self, figures: &mut Figures) {
        let now = recoveries(&self.file);
        figures.recoveries += if now >= self.recoveries { now - self.recoveries } else { now };
        self.recoveries = now;
    }
}

fn recoveries(file: &File) -> u64 {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, RECOVERIES_AT).expect("the count of recoveries");
    u64::from_ne_bytes(bytes)
}

fn word(file: &File, at: u64) -> u32 {
    let mut bytes = [0; 4];
    file.read_exact_at(&mut bytes, at).expect("a word");
    u32::from_ne_bytes(bytes)
}

/// The flag in the word of a slot's owner thread: it reads.
const OWNER_PINNED: u32 = 1 << 8;

/// Slots whose holders live and pin a copy, or have the lock, when no process reads or writes.
fn held_by_the_idle(file: &File) -> Vec<String> {
    let slots = 0..word(file, USED_AT);
    let wrong = slots.filter(|slot| {
        let line = SLOTS_AT + u64::from(*slot) * 64;
        // Pins in eight copies, and the flag in the word of the owner thread.
        let pinned = (0..8).any(|copy| word(file, line + copy * 4) != 0) || word(file, line + 56) & OWNER_PINNED != 0;
        let owned = word(file, LOCK_AT) & !(1 << 31) == slot + 1;
        // Those of a dead process stay until they are in the way of a live one.
        (pinned || owned) && is_locked(file, FIRST_BYTE + i64::from(*slot))
    });
    wrong.map(|slot| format!("slot {slot}, of an idle handle, holds a copy or the lock")).collect()
}

/// Whether a process has locked that byte of the file.
fn is_locked(file: &File, byte: i64) -> bool {
    // SAFETY: numbers, for which zeroes are values.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    lock.l_start = byte;
    lock.l_len = 1;
    // SAFETY: an open file, and an initialised lock.
    let asked = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) };
    asked == 0 && lock.l_type != libc::F_UNLCK as libc::c_short
}
