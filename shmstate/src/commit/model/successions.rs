//! Random schedules of a state that moves from region to region: processes that update it, follow its name, move it, and die
//! before any write.
//!
//! What decides is [`super::super::service`]; the name is one word, which says the number of a region.

use super::super::{BeginError, Published, Service};
use super::Runs;
use super::fixture::{Fixture, Naps, Verdict};
use super::schedules::{below, number};
use crate::sync::Ordering::SeqCst;
use crate::sync::{AtomicU32, model::writes};
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner, thread};
use std::sync::{Arc, Mutex};

const SLOTS: usize = 3;
const PROCESSES: usize = 3;
const LIVES: usize = 3;
const DEEDS: usize = 5;

/// A name, and all regions that have been made for it. No process waits with the list locked.
struct Named {
    name: AtomicU32,
    regions: Mutex<Vec<Arc<Fixture>>>,
}

/// A handle on one of the regions.
struct Handle {
    fixture: Arc<Fixture>,
    number: u32,
    slot: usize,
}

impl Named {
    /// A handle on the region that has the name.
    fn open(&self) -> Handle {
        loop {
            let number = self.name.load(SeqCst);
            let fixture = Arc::clone(&self.regions.lock().expect("no panic")[number as usize]);
            let first = below(SLOTS);
            if let Some(slot) = (0..SLOTS).map(|i| (first + i) % SLOTS).find(|&slot| fixture.claim(slot)) {
                return Handle { fixture, number, slot };
            }
            thread::yield_now();
        }
    }

    fn leads_to(&self, handle: &Handle) -> bool {
        self.name.load(SeqCst) == handle.number
    }

    /// Does it through the handle, or through one on the region that has replaced its region.
    fn follow<R>(&self, handle: &mut Handle, f: impl Fn(&Handle) -> Option<R>) -> R {
        loop {
            if let Some(done) = f(handle) {
                return done;
            }
            let next = self.open();
            assert_ne!(next.number, handle.number, "a region that has its name is out of service");
            std::mem::replace(handle, next).close();
        }
    }

    /// One update. `None`: the region was replaced.
    fn update(&self, handle: &Handle) -> Option<usize> {
        let Handle { fixture, slot, .. } = handle;
        loop {
            match fixture.transact(*slot, &mut Naps(u32::MAX), Verdict::Commit) {
                Ok(version) => return Some(version),
                Err(BeginError::NoSuchCopy { copy }) => match (Published { version: 0, copy }).service() {
                    Service::Leaving if self.leads_to(handle) => fixture.locked(*slot, |shared| {
                        shared.settle_service(|| Ok::<_, ()>(self.leads_to(handle))).expect("no error");
                    }),
                    Service::In => panic!("there is no copy {copy}"),
                    _ => return None,
                },
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Moves the state. `None`: another process was faster.
    fn replace(&self, handle: &Handle) -> Option<()> {
        handle.fixture.locked(handle.slot, |shared| {
            if !self.leads_to(handle) {
                return None;
            }
            let make = |active: Published| {
                let successor = handle.fixture.successor(handle.fixture.content(active.copy));
                // A death here unwinds, and must not do so with the list locked.
                let _ = writes();
                let mut regions = self.regions.lock().expect("no panic");
                regions.push(successor);
                Ok::<_, ()>(regions.len() as u32 - 1)
            };
            let take_name = |number: &mut u32| {
                self.name.store(*number, SeqCst);
                Ok(())
            };
            shared.hand_over(make, take_name).expect("no error").map(drop)
        })
    }
}

impl Handle {
    fn close(self) {
        self.fixture.release(self.slot);
    }
}

/// One process, from life to life. Returns the commits that returned, and the deaths.
fn process(named: &Named) -> (usize, usize) {
    let (mut commits, mut deaths, mut last) = (0, 0, 0);
    for _ in 0..LIVES {
        let mut handle = named.open();
        for _ in 0..below(DEEDS) {
            if below(4) == 0 {
                named.follow(&mut handle, |handle| named.replace(handle));
            } else {
                let version = named.follow(&mut handle, |handle| named.update(handle));
                assert!(version > last, "a process went back");
                (last, commits) = (version, commits + 1);
            }
        }
        if thread_rng().r#gen() {
            handle.close();
            continue;
        }
        let moves = thread_rng().r#gen();
        let lived = handle.fixture.killed(handle.slot, below(24) as u32, || {
            if moves { named.replace(&handle).map(|()| 0) } else { named.update(&handle) }
        });
        match lived {
            Ok(done) => {
                commits += usize::from(!moves && done.is_some());
                handle.close();
            }
            Err(_) => deaths += 1,
        }
    }
    (commits, deaths)
}

fn run(copies: usize) {
    let first = Fixture::new(copies, SLOTS, 0);
    let named = Arc::new(Named { name: AtomicU32::new(0), regions: Mutex::new(vec![first]) });
    let threads: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let named = Arc::clone(&named);
            thread::spawn(move || process(&named))
        })
        .collect();
    let (mut commits, mut deaths) = (0, 0);
    for thread in threads {
        let done = thread.join().expect("joined");
        (commits, deaths) = (commits + done.0, deaths + done.1);
    }
    let mut last = named.open();
    let version = named.follow(&mut last, |handle| named.update(handle));
    assert!((commits + 1..=commits + 1 + deaths).contains(&version), "a commit is lost, or was never made");
    for slot in (0..SLOTS).filter(|&slot| slot != last.slot) {
        assert!(last.fixture.claim(slot), "a byte is still held");
    }
    last.fixture.finish(version);
}

fn schedules(scheduler: impl Scheduler + 'static, copies: usize) {
    let mut config = Config::new();
    config.stack_size = 0x2_0000;
    config.silence_warnings = true;
    config.max_steps = MaxSteps::FailAfter(200_000);
    let _runs = Runs("schedules");
    Runner::new(scheduler, config).run(move || {
        Runs::one_more();
        run(copies);
    });
}

#[test]
fn a_state_moves_among_two_copies() {
    schedules(RandomScheduler::new_from_seed(6, number()), 2);
}

#[test]
fn a_state_moves_among_three_copies() {
    schedules(RandomScheduler::new_from_seed(7, number()), 3);
}

#[test]
fn a_state_moves_in_few_switches() {
    schedules(PctScheduler::new_from_seed(8, 3, number()), 3);
}
