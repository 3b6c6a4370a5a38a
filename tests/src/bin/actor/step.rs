//! A death at every store.
//!
//! A child opens the world, updates it, rolls an update back, and closes it, one machine instruction at a time. Whenever
//! an instruction has changed the region, its bytes are what a death at that point would leave behind: they are put
//! under others, who have to go on from there.

use crate::{open, say};
use memmap2::MmapRaw;
use shmstate::State;
use shmstate_tests::{Rng, World};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// Where the first image begins: `images_at` in the header.
fn images_at(bytes: &[u8]) -> usize {
    u64::from_ne_bytes(bytes[160..168].try_into().expect("eight bytes")) as usize
}

struct Stage {
    /// The region that the child steps through.
    main: PathBuf,
    /// Where its bytes are put under somebody who was there all the time.
    other: PathBuf,
    /// Where its bytes are found by somebody who comes when everybody is dead.
    left: PathBuf,
    main_map: MmapRaw,
    other_map: MmapRaw,
    /// In slot 1; slot 0 is the child's.
    witness: Rc<State<World>>,
    /// The versions that may be seen, and some that follow.
    models: Vec<Box<World>>,
    /// The version before the child's update.
    version: u64,
    /// The newest version that was seen so far.
    seen: u64,
    rng: Rng,
    checks: [u64; 3],
    /// Whether somebody else has the world open while the child steps.
    guarded: bool,
    /// Whether the child opens the region step by step as well.
    deep: bool,
}

/// Steps through `rounds` lives, with and without somebody who is there all the time, after `before` updates.
pub fn run(dir: &str, rounds: u64, before: u64, deep: bool) {
    on_one_processor();
    for guarded in [true, false] {
        let dir = PathBuf::from(dir).join(if guarded { "guarded" } else { "alone" });
        std::fs::create_dir(&dir).expect("a directory");
        let (main, other, left) = (dir.join("main"), dir.join("other"), dir.join("left"));
        let world = State::<World>::create(&main).expect("the world");
        (0..before).for_each(|_| world.update(World::step).expect("an update"));
        let guard = world.try_clone().expect("a handle");
        drop(world);
        // The guard has slot 1, so that the child gets slot 0.
        let guard = guarded.then_some(guard);
        std::fs::copy(&main, &other).expect("a copy");
        std::fs::copy(&main, &left).expect("a copy");
        let zero = open(&other);
        let witness = Rc::new(zero.try_clone().expect("a handle"));
        drop(zero);
        let map = |path: &PathBuf| {
            let file = std::fs::OpenOptions::new().read(true).write(true).open(path).expect("a region");
            MmapRaw::map_raw(&file).expect("a map")
        };
        let (main_map, other_map) = (map(&main), map(&other));
        let mut stage = Stage {
            main,
            other,
            left,
            main_map,
            other_map,
            witness,
            models: vec![],
            version: before,
            seen: before,
            rng: Rng::new(before),
            checks: [0; 3],
            guarded,
            deep,
        };
        let mut instructions = 0;
        for _ in 0..rounds {
            let Some(steps) = stage.live_and_die() else { return };
            instructions += steps;
        }
        drop(guard);
        let [claimed, taken_over, reset] = stage.checks;
        say(&format!(
            "guarded {guarded}: {instructions} instructions, deaths: {claimed} claimed, {taken_over} taken over, {reset} reset"
        ));
    }
}

fn single_step(child: libc::pid_t) -> libc::c_int {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: a traced child that is stopped.
    assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, child, null, null) }, 0);
    wait(child)
}

fn end(child: libc::pid_t) {
    // SAFETY: a child that has not been waited for.
    unsafe { libc::kill(child, libc::SIGKILL) };
    assert!(libc::WIFSIGNALED(wait(child)));
}

fn wait(child: libc::pid_t) -> libc::c_int {
    let mut status = 0;
    // SAFETY: a place for the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status
}

/// Lets the parent trace this process. Ends it if that is not allowed.
fn be_traced() {
    let null = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: no pointers that are used.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // SAFETY: as above.
    if unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, null, null) } != 0 {
        // SAFETY: no pointers.
        unsafe { libc::_exit(0) };
    }
}

fn stop() {
    // SAFETY: no pointers.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Stops a reader after each of its instructions in turn, `most` at most, until some behind its way in, and lets it go on in the midst of an update of the
/// copy that was the active one when it began.
pub fn read(path: &str, most: u64) {
    on_one_processor();
    // Of two copies, the one that was active is the one that the second update writes; unless the reader has it already.
    let world = State::<World>::options().timeout(Duration::from_millis(1)).open(path).expect("the world");
    world.update(World::step).expect("an update");
    /// Instructions to go on for once the reader is in.
    const AFTER: u32 = 40;
    let (mut overtaken, mut held) = (0, 0);
    for first in 0..most {
        if held == AFTER {
            break;
        }
        // SAFETY: one thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            be_traced();
            let world = open(path);
            stop();
            let whole = world.read(|s| s.steps == s.steps_again && s.hash != 1);
            // SAFETY: no pointers.
            unsafe { libc::raise(if whole.is_ok_and(|whole| whole) { libc::SIGSTOP } else { libc::SIGABRT }) };
        }
        if libc::WIFEXITED(wait(child)) {
            return say("skip: no child can be traced here");
        }
        for _ in 0..first {
            let status = single_step(child);
            assert!(
                libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGTRAP,
                "fewer than {most} instructions"
            );
        }
        let finish = || {
            let null = std::ptr::null_mut::<libc::c_void>();
            // SAFETY: a traced child that is stopped.
            assert_eq!(unsafe { libc::ptrace(libc::PTRACE_CONT, child, null, null) }, 0);
            let status = wait(child);
            let whole = libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGSTOP;
            assert!(whole, "a reader saw half an update, after {first} instructions");
        };
        world.update(World::step).expect("an update");
        let verdict = world.try_update(|s| {
            s.spoil(&mut Rng::new(first));
            finish();
            Err::<(), _>(())
        });
        if verdict.is_ok() {
            overtaken += 1;
        } else {
            finish();
            held += 1;
        }
        end(child);
    }
    say(&format!("{overtaken} readers were overtaken, {held} had got in"));
    assert!(overtaken > 0 && held == AFTER, "the way in is longer than that");
}

/// Tracer and traced on the same: to wake another one takes longer than the step.
fn on_one_processor() {
    // SAFETY: a set of bits, for which zeroes are a value.
    let mut cpus: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: no pointers.
    let cpu = unsafe { libc::sched_getcpu() };
    // SAFETY: a set of bits.
    unsafe { libc::CPU_SET(cpu.max(0) as usize, &mut cpus) };
    // SAFETY: an initialised set of that size. Should this fail, it only takes longer.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const cpus) };
}

impl Stage {
    /// One life of the child, instruction by instruction. `None`: it cannot be traced here.
    fn live_and_die(&mut self) -> Option<u64> {
        self.models = (0..6).map(|i| World::at(self.version + i)).collect();
        self.seen = self.version;
        // SAFETY: one thread.
        let child = unsafe { libc::fork() };
        if child == 0 {
            self.live();
        }
        let mut status = wait(child);
        if libc::WIFEXITED(status) {
            say("skip: no child can be traced here");
            return None;
        }
        let (mut shadow, mut steps) = (self.main_bytes().to_vec(), 0);
        let images = images_at(&shadow);
        loop {
            status = single_step(child);
            assert!(libc::WIFSTOPPED(status), "the child ended: {status:#x}");
            if libc::WSTOPSIG(status) != libc::SIGTRAP {
                assert_eq!(libc::WSTOPSIG(status), libc::SIGSTOP, "the child failed");
                break;
            }
            steps += 1;
            let now = self.main_bytes();
            let words = now[..images] != shadow[..images];
            if !words && now[images..] == shadow[images..] {
                continue;
            }
            shadow.copy_from_slice(now);
            // Within the bytes of a copy, one death is much like another.
            if words || self.rng.below(16) == 0 {
                self.die_here(&shadow);
            }
        }
        assert_eq!(self.seen, self.version + 1, "the update is there at the end");
        self.version += 1;
        end(child);
        Some(steps)
    }

    fn main_bytes(&self) -> &[u8] {
        // SAFETY: mapped as long as `self`; those who write it are stopped or idle.
        unsafe { std::slice::from_raw_parts(self.main_map.as_ptr(), self.main_map.len()) }
    }

    /// The child.
    fn live(&self) -> ! {
        be_traced();
        // To open is a million instructions in a debug build, nearly all of them far from the region.
        let world = if self.deep {
            stop();
            open(&self.main)
        } else {
            let world = open(&self.main);
            stop();
            world
        };
        let verdict = world.try_update(|s| {
            s.spoil(&mut Rng::new(self.version));
            Err::<(), _>(())
        });
        assert!(verdict.expect("an update").is_err());
        world.update(World::step).expect("an update");
        world.read(|s| assert_eq!(s.steps, self.version + 1)).expect("a read");
        drop(world);
        stop();
        unreachable!("killed while it is stopped")
    }

    /// Somebody died and left these bytes.
    fn die_here(&mut self, bytes: &[u8]) {
        let way = match self.rng.below(16) {
            _ if !self.guarded => 2,
            0 => 1, // asks whether the owner lives, after two milliseconds
            1..=4 => 2,
            _ => 0,
        };
        self.checks[way] += 1;
        if way == 2 {
            std::fs::write(&self.left, bytes).expect("the bytes");
            let world = open(&self.left);
            self.go_on(&world);
            return;
        }
        assert_eq!(bytes.len(), self.other_map.len());
        // SAFETY: both mappings are that long; nobody is using this one.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.other_map.as_mut_ptr(), bytes.len()) };
        let world = if way == 0 {
            // Gets the dead one's slot.
            &open(&self.other)
        } else {
            // Finds out that the owner of the lock is dead.
            &self.witness.clone()
        };
        self.go_on(world);
    }

    /// Whoever lives sees the version before or the one after, and builds on it.
    fn go_on(&mut self, world: &State<World>) {
        let seen = world.read(|s| s.steps).expect("a read");
        assert!(seen >= self.seen && seen <= self.version + 1, "version {seen} after version {}", self.seen);
        self.seen = seen;
        let first = (seen - self.version) as usize;
        // As many updates as it takes until each copy has been the active one.
        for model in &self.models[first..] {
            let same = world.read(|s| *s == **model).expect("a read");
            assert!(same, "version {} is not what it has to be, after a death at {seen}", model.steps);
            assert_eq!(world.version(), model.steps);
            world.update(World::step).expect("an update");
        }
    }
}
