//! Calls besides reads and updates, on a region that is scribbled into.

use crate::say;
use shmstate::{Error, ErrorKind, Follower, Projection, ReadOnly, State};
use shmstate_tests::Rng;
use shmstate_tests::hostile::{Plain, TIMEOUT, in_time, inspect, operate, sane};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SIZE: usize = size_of::<Plain>();

/// As long as a wait lasts.
const WAIT: Duration = Duration::from_micros(200);

/// Calls whatever there is until the time is up. Errors are in order, and nonsense; whatever else happens is not.
pub fn suffer(path: &str, seed: u64, seconds: u64, watch: impl Fn()) {
    let (mut rng, since, mut done, mut refused) = (Rng::new(seed), Instant::now(), 0u64, 0u64);
    say("in");
    while since.elapsed() < Duration::from_secs(seconds) {
        watch();
        let by_name = || State::<Plain>::options().timeout(TIMEOUT).open(path);
        let result = if rng.below(2) == 0 {
            in_time("open", by_name).and_then(|state| with_handle(&state, &mut rng))
        } else {
            in_time("a view", || State::<Plain>::open_read_only(path)).and_then(|view| with_view(&view, &mut rng))
        };
        match result {
            Ok(()) => done += 1,
            Err(e) => {
                sane(&e);
                refused += 1;
            }
        }
    }
    say(&format!("{done} rounds, {refused} refused"));
}

/// Notes what an error says; the handle is used on.
fn tried<R>(result: Result<R, Error>) -> Option<R> {
    result.inspect_err(sane).ok()
}

fn with_handle(state: &State<Plain>, rng: &mut Rng) -> Result<(), Error> {
    let table = state.project(|s| &s.table)?;
    let mut follower = state.follow()?;
    let mut changed = state.watch(&table)?;
    let mut versions = state.changes_since(rng.any() % 100);
    for _ in 0..40 {
        match rng.below(14) {
            0 => _ = tried(in_time("stats", || state.stats())).map(|stats| black_box(format!("{stats:?} {state:?}"))),
            1 => _ = tried(in_time("attached", || state.attached())),
            2 => _ = tried(in_time("wait_attached", || state.wait_attached(WAIT, |all| (all.len() > 9).then_some(())))),
            3 => _ = tried(in_time("elect", || state.elect(WAIT))).map(drop),
            4 => _ = tried(in_time("wait_newer", || state.wait_newer(rng.any() % 100, WAIT))),
            5 => _ = tried(in_time("wait_until", || state.wait_until(WAIT, |s| (s.table[0] == 1).then(|| inspect(s))))),
            6 => _ = tried(in_time("changes", || versions.next_within(WAIT))),
            7 => _ = tried(in_time("watch", || changed.wait(WAIT))),
            8 => _ = tried(in_time("load", || state.load_versioned(&table))),
            9 => match in_time("apply", || state.apply([(rng.below(SIZE), &[1, 2, 3][..])])) {
                // It looks at the containers that it changes.
                Err(e) if e.kind() == ErrorKind::InvalidValue => {}
                applied => _ = tried(applied),
            },
            10 => {
                let undone = || state.try_update_versioned(|s, _| (operate(s, &mut Rng::new(1)), Err::<(), ()>(())).1);
                _ = tried(in_time("try_update", undone));
            }
            11 => _ = tried(in_time("read_bytes", || state.read_bytes(|bytes, _| black_box(bytes.to_vec())))),
            12 => _ = tried(in_time("is_current", || state.is_current().and_then(|_| state.version()))),
            _ => {
                let mut rng = Rng::new(rng.any());
                _ = tried(in_time("update", || state.update(|s| operate(s, &mut rng))));
                advance(&mut follower, &table, &mut rng);
            }
        }
    }
    Ok(())
}

fn with_view(view: &ReadOnly<Plain>, rng: &mut Rng) -> Result<(), Error> {
    let table = view.project(|s| &s.table)?;
    let mut follower = view.follow()?;
    let mut changed = view.watch(&table)?;
    for _ in 0..20 {
        match rng.below(6) {
            0 => _ = tried(in_time("snapshot", || view.snapshot_versioned())),
            1 => _ = tried(in_time("load", || view.load_versioned(&table))),
            2 => _ = tried(in_time("wait_newer", || view.wait_newer(rng.any() % 100, WAIT))),
            3 => _ = tried(in_time("watch", || changed.wait(WAIT))),
            4 => _ = tried(in_time("is_current", || view.is_current())).map(|it| black_box((it, view.version()))),
            _ => advance(&mut follower, &table, rng),
        }
    }
    Ok(())
}

/// What a follower says of a change lies in the state.
fn advance(follower: &mut Follower<'_, Plain>, table: &Projection<Plain, [u64; 6]>, rng: &mut Rng) {
    let advanced = match rng.below(2) {
        0 => in_time("advance", || follower.advance()),
        _ => in_time("wait", || follower.wait(WAIT)),
    };
    let Some(Some(change)) = tried(advanced) else { return };
    for range in change.ranges().iter().chain(change.written()) {
        assert!(range.start < range.end && range.end <= SIZE, "{range:?}");
    }
    black_box((change.from(), change.to(), change.skipped(), change.fields(), change.touches(table)));
    black_box(follower.bytes().iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)));
    inspect(follower.get());
}
