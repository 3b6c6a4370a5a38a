//! A region that is created, opened and removed all the time, and must never be seen half-made.

use crate::{PATIENCE, Rng};
use shmstate::{ErrorKind, List, SharedLayout, State};

/// Which process made it, in the first and in the last field and in between.
#[derive(SharedLayout)]
#[repr(C)]
pub struct Churn {
    /// Which process made it; not 0.
    pub maker: u64,
    /// How many came in.
    pub entries: u64,
    /// The maker, everywhere.
    pub items: List<u64, 512>,
    /// The maker again.
    pub maker_again: u64,
}

/// What came of one turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChurnOutcome {
    /// It was created.
    Created,
    /// It was opened, or perhaps created.
    Opened,
    /// It was removed.
    Removed,
    /// It was there already, or it was not there.
    Refused,
}

impl Churn {
    /// Fills a new one.
    ///
    /// # Panics
    /// If it is not new.
    pub fn make(&mut self, me: u64) {
        self.maker = me;
        for _ in 0..512 {
            self.items.push(me).expect("there is room");
        }
        // Others get a turn while it is half-made.
        std::thread::yield_now();
        self.maker_again = me;
    }

    /// Creates, opens or removes the region at `path`, as others do at the same time.
    ///
    /// # Panics
    /// If it was half-made, or if an error is not one of those that this may have.
    pub fn step(path: &str, me: u64, rng: &mut Rng) -> ChurnOutcome {
        let options = || State::<Churn>::options().timeout(PATIENCE).init(|s| s.make(me + 1));
        let whole = |state: State<Churn>| {
            state
                .update(|s| {
                    let made = s.maker != 0 && s.maker == s.maker_again && s.items.len() == 512;
                    assert!(made && s.items.iter().all(|i| *i == s.maker), "half-made");
                    s.entries += 1;
                })
                .expect("an update");
            let _ = state.is_current().expect("a look");
        };
        let (result, excuse) = match rng.below(4) {
            0 => (options().create(path).map(whole).map(|()| ChurnOutcome::Created), Some(ErrorKind::AlreadyExists)),
            1 => (options().open(path).map(whole).map(|()| ChurnOutcome::Opened), Some(ErrorKind::NotFound)),
            2 => (options().open_or_create(path).map(whole).map(|()| ChurnOutcome::Opened), None),
            _ => (shmstate::remove(path).map(|()| ChurnOutcome::Removed), Some(ErrorKind::NotFound)),
        };
        result.unwrap_or_else(|e| {
            assert_eq!(Some(e.kind()), excuse, "{e}");
            ChurnOutcome::Refused
        })
    }
}
