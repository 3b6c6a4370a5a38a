//! Several processes that do the same at the same time.

use crate::say;
use shmstate::{ErrorKind, List, SharedLayout, State};
use shmstate_tests::{PATIENCE, Tally};

/// Who made it, in the first and in the last field and in between.
#[derive(SharedLayout)]
#[repr(C)]
struct Made {
    maker: u64,
    entries: u64,
    items: List<u64, 512>,
    maker_again: u64,
}

fn make(s: &mut Made, me: u64) {
    s.maker = me;
    for _ in 0..512 {
        s.items.push(me).expect("there is room");
    }
    // Others get a turn while it is half-made.
    std::thread::yield_now();
    s.maker_again = me;
}

/// `party` processes create the same region at once, `rounds` times.
pub fn create(dir: &str, me: u64, party: u64, rounds: u64) {
    let tally = Tally::open(format!("{dir}/tally"));
    for round in 0..rounds {
        let path = format!("{dir}/r{round}");
        // Made by 1 to `party`: 0 would be a region that nobody has filled.
        let options = || State::<Made>::options().timeout(PATIENCE).init(|s| make(s, me + 1));
        tally.barrier(party, round);
        let (state, created) = if round % 2 == 0 {
            (options().open_or_create(&path).expect("the region"), None)
        } else {
            match options().create(&path) {
                Ok(state) => (state, Some(true)),
                Err(e) => {
                    assert_eq!(e.kind(), ErrorKind::AlreadyExists, "{e}");
                    (options().open(&path).expect("somebody's region"), Some(false))
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
        let makers = tally.word(Tally::FREE + round as usize);
        // Everybody writes the same, or else.
        let before = makers.swap(maker, std::sync::atomic::Ordering::SeqCst);
        assert!(before == 0 || before == maker, "two regions in round {round}");
    }
    say("done");
}

/// Creates, opens, updates and removes one region, as others do.
pub fn churn(path: &str, me: u64, rounds: u64) {
    let options = || State::<Made>::options().timeout(PATIENCE).init(|s| make(s, me + 1));
    let (mut made, mut removed) = (0, 0);
    let whole = |state: &State<Made>| {
        state
            .update(|s| {
                assert!(s.maker != 0 && s.maker == s.maker_again && s.items.len() == 512, "half-made");
                s.entries += 1;
            })
            .expect("an update");
        let _ = state.is_current().expect("a look");
    };
    let mut rng = shmstate_tests::Rng::new(me);
    for _ in 0..rounds {
        let (result, wanted) = match rng.below(4) {
            0 => (options().create(path).map(|s| (made += 1, whole(&s)).1), ErrorKind::AlreadyExists),
            1 => (options().open(path).map(|s| whole(&s)), ErrorKind::NotFound),
            2 => (options().open_or_create(path).map(|s| whole(&s)), ErrorKind::Busy),
            _ => (shmstate::remove(path).inspect(|()| removed += 1), ErrorKind::NotFound),
        };
        if let Err(e) = result {
            assert!(e.kind() == wanted && wanted != ErrorKind::Busy, "{e}");
        }
    }
    say(&format!("{made} {removed}"));
}
