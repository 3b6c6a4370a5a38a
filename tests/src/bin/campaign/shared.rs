//! What all processes of a round share: a directory, a page of words, two regions.

use shmstate::{Error, State};
use shmstate_tests::{Counters, Fixture, Log, now_ns};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// How long anything may take, on a busy machine, before it counts as stuck.
pub const LIMIT: Duration = Duration::from_secs(30);

/// What may happen in a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mix(pub u64);

impl Mix {
    /// `kill -9`.
    pub const KILLS: u64 = 1;
    /// SIGSTOP, and SIGCONT a little later.
    pub const STOPS: u64 = 2;
    /// Forked children.
    pub const FORKS: u64 = 4;
    /// Processes that go on as another program.
    pub const EXECS: u64 = 8;
    /// Threads that come and go.
    pub const THREADS: u64 = 16;
    /// Handles that are dropped.
    pub const DROPS: u64 = 32;
    /// All of it.
    pub const ALL: u64 = 63;

    /// Whether that may happen.
    pub fn has(self, what: u64) -> bool {
        self.0 & what != 0
    }
}

/// The directory of one round.
pub struct Shared {
    dir: PathBuf,
    counters: Counters,
}

impl Shared {
    const LOGS: usize = Counters::FREE;
    const MIX: usize = Counters::FREE + 1;
    const END: usize = Counters::FREE + 2;
    const CURTAIN: usize = Counters::FREE + 3;
    const ARRIVED: usize = Counters::FREE + 16;

    pub fn open(dir: &Path) -> Shared {
        Shared { dir: dir.to_owned(), counters: Counters::open(dir.join("counters")) }
    }

    pub fn dir(&self) -> &OsStr {
        self.dir.as_os_str()
    }

    fn set(&self, word: usize, value: u64) {
        self.counters.word(word).store(value, SeqCst);
    }

    /// A new round; no process is there yet.
    pub fn begin(&self, mix: Mix, time: Duration) {
        self.set(Counters::STOP, 0);
        self.set(Self::CURTAIN, 0);
        self.set(Self::MIX, mix.0);
        self.set(Self::END, now_ns() + (time + LIMIT * 4).as_nanos() as u64);
    }

    pub fn mix(&self) -> Mix {
        Mix(self.counters.get(Self::MIX))
    }

    /// Asks all to end.
    pub fn stop(&self) {
        self.set(Counters::STOP, 1);
    }

    /// Whether to end: on request, or without a sign of the driver for much too long.
    pub fn is_over(&self) -> bool {
        self.counters.get(Counters::STOP) != 0 || self.is_late()
    }

    fn is_late(&self) -> bool {
        now_ns() > self.counters.get(Self::END)
    }

    /// No process has come to the end in that place.
    pub fn clear(&self, place: usize) {
        self.set(Self::ARRIVED + place, 0);
    }

    /// One has, and waits.
    pub fn arrive(&self, place: usize) {
        self.set(Self::ARRIVED + place, 1);
    }

    pub fn has_arrived(&self, place: usize) -> bool {
        self.counters.get(Self::ARRIVED + place) != 0
    }

    /// All may go.
    pub fn let_go(&self) {
        self.set(Self::CURTAIN, 1);
    }

    pub fn wait_for_the_end(&self) {
        while self.counters.get(Self::CURTAIN) == 0 && !self.is_late() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A log without a writer.
    pub fn new_log(&self) -> Log {
        let number = self.counters.word(Self::LOGS).fetch_add(1, SeqCst);
        Log::create(self.dir.join(format!("log.{number}")))
    }

    pub fn fixture(&self) -> PathBuf {
        self.dir.join("fixture")
    }

    /// A handle, with time enough for a busy machine.
    pub fn try_fixture(&self) -> Result<State<Fixture>, Error> {
        State::<Fixture>::options().timeout(LIMIT).open(self.fixture())
    }

    pub fn open_fixture(&self) -> State<Fixture> {
        self.try_fixture().expect("the fixture")
    }

    /// All logs, so far.
    pub fn logs(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(&self.dir).expect("the directory").map(|entry| entry.expect("a file").path());
        files.filter(|path| path.file_stem().is_some_and(|stem| stem == "log")).collect()
    }

    /// The region that comes and goes.
    pub fn other(&self) -> String {
        self.dir.join("other").to_str().expect("a path in UTF-8").to_owned()
    }
}
