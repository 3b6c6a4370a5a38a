//! What has changed in one state, applied to another one by its bytes.

use shmstate::dynamic::{CopyCheck, DynState};
use shmstate::{Array, ErrorKind, List, Map, Maybe, Queue, Ring, SharedLayout, Slab, SortedMap, State, Text, Uuid};
use shmstate_tests::{Rng, SEED, scratch_dir};

#[derive(SharedLayout, Clone)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run(u64),
    Stop([bool; 8]),
    Many(List<u64, 2>),
    Words([u64; 10]),
}

#[derive(SharedLayout, Clone)]
#[repr(C)]
struct Part {
    name: Text<12>,
    flags: List<bool, 8>,
    job: Job,
}

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    ticks: u64,
    id: Uuid,
    job: Job,
    best: Maybe<Part>,
    flags: Array<bool, 256>,
    samples: List<u64, 2000>,
    parts: List<Part, 20>,
    last: Ring<u32, 16>,
    waiting: Queue<u32, 16>,
    slab: Slab<Part, 16>,
    map: Map<u64, bool, 64>,
    sorted: SortedMap<u64, u64, 64>,
}

fn part(rng: &mut Rng) -> Part {
    let mut part = Part { name: Text::try_from("part").unwrap(), flags: List::new(), job: job(rng) };
    (0..rng.below(9)).for_each(|n| part.flags.push(n.is_multiple_of(2)).unwrap());
    part
}

fn job(rng: &mut Rng) -> Job {
    let words = Job::Words([rng.any() % 2; 10]);
    [Job::Idle, Job::Run(rng.any()), Job::Stop([true; 8]), Job::Many(List::new()), words][rng.below(5)].clone()
}

fn change(s: &mut Board, rng: &mut Rng) {
    let n = rng.any() % 100;
    match rng.below(20) {
        0 => s.ticks += 1,
        1 => s.id = Uuid::from([n as u8; 16]),
        2 => s.job = job(rng),
        3 => s.best = Maybe::from((n > 30).then(|| part(rng))),
        4 => s.flags[n as usize] ^= true,
        5 | 6 => _ = s.samples.push(n),
        7 => _ = s.samples.pop(),
        8 if n < s.samples.len() as u64 => s.samples.insert(n as usize, n).unwrap_or_default(),
        9 => _ = s.parts.push(part(rng)),
        10 => _ = s.parts.pop(),
        11 => s.parts.iter_mut().for_each(|part| _ = part.flags.push(true)),
        12 => _ = s.last.push(n as u32),
        13 => _ = s.waiting.push_back(n as u32),
        14 => _ = s.waiting.pop_front(),
        15 => _ = s.slab.insert(part(rng)),
        16 => _ = s.map.insert(n, n.is_multiple_of(2)),
        17 => _ = s.map.remove(&n),
        18 => _ = s.sorted.insert(n, n),
        _ => _ = s.sorted.remove(&n),
    }
}

/// What the state holds, by its schema.
fn content(state: &State<Board>) -> String {
    DynState::open(state.path().unwrap()).unwrap().to_json("").unwrap()
}

#[test]
fn a_mirror_has_what_the_state_has() {
    let (dir, mut rng) = (scratch_dir(), Rng::new(SEED));
    let state = State::<Board>::create(dir.path().join("state")).unwrap();
    let mirror = State::<Board>::options().copies(4).create(dir.path().join("mirror")).unwrap();
    let other = State::<Board>::open(mirror.path().unwrap()).unwrap();
    let mut seen = mirror.follow().unwrap();
    let mut follower = state.follow().unwrap();
    for round in 0..3000 {
        for _ in 0..[1, 1, 3, 40][rng.below(4)] {
            state.update(|s| change(s, &mut rng)).unwrap();
        }
        // What the mirror takes back itself leaves bytes that mean nothing, and that are others in each copy.
        let taken_back = mirror.try_update(|s| {
            (0..3).for_each(|_| change(s, &mut rng));
            Err::<(), _>(())
        });
        assert!(taken_back.unwrap().is_err());
        let change = follower.advance().unwrap().unwrap();
        let pieces = change.written().iter().map(|range| (range.start, &follower.bytes()[range.clone()]));
        // Different handles, and between readers, so that all copies are written.
        let handle = if rng.below(2) == 0 { &mirror } else { &other };
        let version = handle.version().unwrap();
        match rng.below(3) {
            0 => assert_eq!(handle.apply_after(version, pieces).unwrap(), Some(version + 1)),
            1 => {
                assert_eq!(handle.apply_after(version + 1, pieces.clone()).unwrap(), None);
                assert_eq!(handle.version().unwrap(), version);
                handle.apply(pieces).unwrap();
            }
            _ => assert_eq!(handle.apply(pieces).unwrap(), version + 1),
        }
        if round % 10 == 0 {
            assert_eq!(content(&state), content(&mirror), "round {round}");
            // What the log of the mirror says is enough for its own followers.
            seen.advance().unwrap();
            assert_eq!(seen.get().samples, follower.get().samples);
            assert_eq!(seen.get().map.len(), follower.get().map.len());
        }
        if round % 100 == 0 {
            // The mirror can be changed by hand, and still be brought to what the state has.
            mirror.update(|s| s.samples.iter_mut().for_each(|sample| *sample += 1)).unwrap();
            mirror.apply([(0, follower.bytes())]).unwrap();
        }
    }
    assert!(DynState::open(mirror.path().unwrap()).unwrap().check_copies().unwrap().iter().all(is_sound));
}

fn is_sound(copy: &CopyCheck) -> bool {
    copy.damage.is_none()
}

/// What becomes a part of the value may have the bytes that the state had there before, of which the mirror had others.
#[test]
fn what_meant_nothing_before_is_taken_over() {
    #[derive(SharedLayout)]
    #[repr(C)]
    struct Small {
        ticks: u64,
        job: Job,
        list: List<u64, 8>,
    }
    let dir = scratch_dir();
    let state = State::<Small>::create(dir.path().join("state")).unwrap();
    let mirror = State::<Small>::create(dir.path().join("mirror")).unwrap();
    let view = State::<Small>::open_read_only(state.path().unwrap()).unwrap();
    for is_pinned in [true, false] {
        let mut follower = if is_pinned { state.follow().unwrap() } else { view.follow().unwrap() };
        let mut ship = |update: fn(&mut Small)| -> usize {
            state.update(update).unwrap();
            let change = follower.advance().unwrap().unwrap();
            assert!(!change.is_overrun());
            let written = change.written().iter().map(|range| range.len()).sum();
            mirror.apply(change.written().iter().map(|range| (range.start, &follower.bytes()[range.clone()]))).unwrap();
            written
        };
        ship(|s| s.job = Job::Many(List::new()));
        ship(|s| s.ticks += 1);
        ship(|s| s.job = Job::Words([0; 10]));
        for _ in 0..3 {
            assert!(mirror.try_update(|s| (s.list.push(77).unwrap(), Err::<(), _>(())).1).unwrap().is_err());
        }
        ship(|s| s.list.push(0).unwrap());
        for _ in 0..4 {
            mirror
                .read(|s| {
                    assert!(matches!(s.job, Job::Words(words) if words == [0; 10]));
                    assert_eq!(s.list[..], [0]);
                })
                .unwrap();
            ship(|s| s.ticks += 1);
        }
        // Of items that were there before, what differs.
        assert_eq!(ship(|s| (s.list[0] = 1, s.list[0] = 0).0), 0);
        assert_eq!(ship(|s| s.list[0] = 1), 1);
        ship(|s| s.list.clear());
    }
}

#[test]
fn what_is_no_value_is_refused() {
    let (dir, mut rng) = (scratch_dir(), Rng::new(SEED));
    let state = State::<Board>::create(dir.path().join("state")).unwrap();
    (0..2000).for_each(|_| state.update(|s| change(s, &mut rng)).unwrap());
    let (mut refused, mut applied) = (0, 0);
    for _ in 0..3000 {
        let (before, version) = state.read_bytes(|bytes, version| (bytes.to_vec(), version)).unwrap();
        let content_before = (rng.below(50) == 0).then(|| content(&state));
        let pieces: Vec<(usize, Vec<u8>)> = (0..=rng.below(3))
            .map(|_| {
                let at = rng.below(before.len());
                (at, before[at..].iter().take(1 + rng.below(9)).map(|byte| byte ^ (rng.any() & 0x83) as u8).collect())
            })
            .collect();
        match state.apply(pieces.iter().map(|(at, bytes)| (*at, &**bytes))) {
            Ok(version) => {
                applied += 1;
                // Whatever it was, it is a value, and what was there before can be had back.
                assert_eq!(state.version().unwrap(), version);
                let _ = content(&state);
                state.apply([(0, &*before)]).unwrap();
            }
            Err(e) => {
                refused += 1;
                assert_eq!(e.kind(), ErrorKind::InvalidValue, "{e}");
                assert!(e.to_string().contains("nothing has changed"), "{e}");
                assert_eq!(state.version().unwrap(), version);
            }
        }
        if let Some(content_before) = content_before {
            assert_eq!(content(&state), content_before);
        }
    }
    assert!(refused > 100 && applied > 100, "{refused} were refused, {applied} applied");
    // Outside of the state.
    let size = size_of::<Board>();
    for (at, len) in [(size, 1), (size - 1, 2), (usize::MAX, 2), (0, size + 1)] {
        assert_eq!(state.apply([(at, &*vec![0; len])]).unwrap_err().kind(), ErrorKind::InvalidValue);
    }
    state.apply([(size, &[][..])]).unwrap();
    assert!(DynState::open(state.path().unwrap()).unwrap().check_copies().unwrap().iter().all(is_sound));
    state.update(|s| s.samples.clear()).unwrap();
}
