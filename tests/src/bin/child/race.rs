//! Several processes that do the same at the same time.

use crate::say;
use shmstate::{ErrorKind, State};
use shmstate_tests::{Churn, ChurnOutcome, Counters, PATIENCE};

/// `party` processes create the same region at once, `rounds` times.
pub fn create(dir: &str, me: u64, party: u64, rounds: u64) {
    let counters = Counters::open(format!("{dir}/counters"));
    for round in 0..rounds {
        let path = format!("{dir}/r{round}");
        // Made by 1 to `party`: 0 would be a region that no process has filled.
        let options = || State::<Churn>::options().timeout(PATIENCE).init(|s| s.make(me + 1));
        counters.barrier(party, round);
        let (state, created) = if round % 2 == 0 {
            (options().open_or_create(&path).expect("the region"), None)
        } else {
            match options().create(&path) {
                Ok(state) => (state, Some(true)),
                Err(e) => {
                    assert_eq!(e.kind(), ErrorKind::AlreadyExists, "{e}");
                    (options().open(&path).expect("another process's region"), Some(false))
                }
            }
        };
        let maker = state
            .update(|s| {
                assert!((1..=party).contains(&s.maker) && s.maker == s.maker_again, "half-made");
                assert!(s.items.len() == 512 && s.items.iter().all(|i| *i == s.maker), "half-made");
                s.entries += 1;
                s.maker
            })
            .expect("an update");
        assert!(created.is_none_or(|c| c == (maker == me + 1)), "one creator, and it knows");
        assert!(state.is_current().expect("a look"));
        let makers = counters.word(Counters::FREE + round as usize);
        // All write the same value.
        let before = makers.swap(maker, std::sync::atomic::Ordering::SeqCst);
        assert!(before == 0 || before == maker, "two regions in round {round}");
    }
    say("done");
}

/// Creates, opens, updates and removes one region, as others do.
pub fn churn(path: &str, me: u64, rounds: u64) {
    let (mut made, mut removed) = (0, 0);
    let mut rng = shmstate_tests::Rng::new(me);
    for _ in 0..rounds {
        match Churn::step(path, me, &mut rng) {
            ChurnOutcome::Created => made += 1,
            ChurnOutcome::Removed => removed += 1,
            ChurnOutcome::Opened | ChurnOutcome::Refused => {}
        }
    }
    say(&format!("{made} {removed}"));
}
