//! Runs the bodies of the fuzz targets, scribbles into mapped regions, and uses regions that are scribbled into.

use crate::say;
use memmap2::MmapRaw;
use shmstate::{Error, SharedLayout, State};
use shmstate_tests::Rng;
use shmstate_tests::hostile::{
    Mixed, Others, Plain, TARGETS, TIMEOUT, Target, in_time, input, inspect, inspect_others, operate,
    operate_on_others, sane,
};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A process that is slower than this hangs.
fn watch() {
    // SAFETY: no pointers.
    unsafe { libc::alarm(60) };
}

fn target(name: &str) -> Target {
    TARGETS.iter().find(|(known, _)| *known == name).expect("a target").1
}

/// One input after the other until the time is up. The one that runs lies in `dir`, so that it can be found when this process is dead.
pub fn run(name: &str, dir: &str, seed: u64, seconds: u64) {
    let (target, file, since) = (target(name), Path::new(dir).join("input"), Instant::now());
    let mut inputs = 0;
    while since.elapsed() < Duration::from_secs(seconds) {
        watch();
        let bytes = input(name, seed.wrapping_add(inputs));
        fs::write(&file, &bytes).expect("the input");
        target(&bytes);
        inputs += 1;
    }
    let _ = fs::remove_file(file);
    say(&format!("{name}: {inputs} inputs"));
}

/// One input that was kept.
pub fn replay(name: &str, file: &str) {
    watch();
    target(name)(&fs::read(file).expect("an input"));
    say("done");
}

/// Writes noise into a mapped region until it is killed; now and then it mends what keeps others out.
pub fn scribble(what: &str, path: &str, seed: u64) {
    let good = fs::read(path).expect("a region");
    let file = fs::File::options().read(true).write(true).open(path).expect("a region");
    let map = MmapRaw::map_raw(&file).expect("a mapped region");
    let word = |at: usize| u64::from_ne_bytes(good[at..at + 8].try_into().expect("eight bytes")) as usize;
    let (schema, images, stride) = (word(152), word(160), word(168));
    let byte = |at: usize, value: u8| {
        assert!(at < map.len());
        // SAFETY: inside of the mapping; all processes use it as shared memory.
        unsafe { AtomicU8::from_ptr(map.as_mut_ptr().wrapping_add(at)) }.store(value, Relaxed);
    };
    let number = |at: usize, value: u32| {
        assert!((256..map.len() - 4).contains(&at) && at.is_multiple_of(4));
        // SAFETY: as above, and aligned.
        unsafe { AtomicU32::from_ptr(map.as_mut_ptr().wrapping_add(at).cast()) }.store(value, Relaxed);
    };
    let wide = |at: usize, value: u64| {
        assert!((256..map.len() - 8).contains(&at) && at.is_multiple_of(8));
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(map.as_mut_ptr().wrapping_add(at).cast()) }.store(value, Relaxed);
    };
    let mut rng = Rng::new(seed);
    let heads: Vec<usize> = {
        use std::mem::offset_of;
        let lists =
            [offset_of!(Plain, flat), offset_of!(Plain, nested), offset_of!(Plain, wide), offset_of!(Plain, deep)];
        let inner = (0..9).map(|i| offset_of!(Plain, nested) + 64 + i * 80);
        (0..3).flat_map(|k| lists.into_iter().chain(inner.clone()).map(move |at| images + k * stride + at)).collect()
    };
    // Header and schema, which are written once.
    let identity: Vec<usize> = (0..256).chain(schema..schema + word(104)).collect();
    say("in");
    loop {
        for _ in 0..rng.below(2000) {
            let end = match what {
                // Never for long, so that some find everything in order, and some find it changed half-way.
                "identity" => {
                    let at = identity[rng.below(identity.len())];
                    byte(at, if rng.below(2) == 0 { rng.any() as u8 } else { good[at] ^ 1 << rng.below(8) });
                    (0..rng.below(500)).for_each(|_| std::hint::spin_loop());
                    byte(at, good[at]);
                    continue;
                }
                "all" => map.len(),
                // What processes share, page bits included, but for schema and content.
                "words" => schema,
                // The lengths and marks of lists, as fast as they come.
                "heads" => {
                    let at = heads[rng.below(heads.len())];
                    match rng.below(3) {
                        0 => number(at, [0, 1, 3, u32::MAX][rng.below(4)]),
                        1 => number(at, rng.below(60) as u32),
                        _ => wide(at + 8 * rng.below(8), if rng.below(2) == 0 { rng.any() } else { rng.any() % 2000 }),
                    }
                    continue;
                }
                // Whatever containers that are made of others say of themselves, and their marks.
                "others" => {
                    let at = images + rng.below(3) * stride + rng.below(size_of::<Others>()) / 4 * 4;
                    match rng.below(4) {
                        0 => byte(at, rng.any() as u8),
                        1 => number(at, rng.any() as u32),
                        _ => number(at, rng.below(9) as u32),
                    }
                    continue;
                }
                _ => panic!("no such scribbler: {what}"),
            };
            let at = 256 + rng.below(end - 256 - 16);
            match rng.below(8) {
                0 => byte(at, rng.any() as u8),
                1 => byte(at, rng.below(4) as u8),
                2 => wide(at / 8 * 8, rng.any()),
                3 => wide(at / 8 * 8, [0, 1, u64::MAX, 1 << 63][rng.below(4)]),
                4 => number(at / 4 * 4, rng.below(9) as u32),
                // The few words that matter most are hit more often: the lock, the active copy, the counters.
                5 => number(256, [0, 1, 2, 3, 1 << 31, 1 << 31 | 2][rng.below(6)]),
                6 => wide(320, ((rng.any() % 8) << 8) | (rng.any() % 4)),
                _ => number(384 + 4 * rng.below(2), rng.below(3) as u32),
            }
        }
        // So that not everything that others do is refused at once.
        if what != "identity" && rng.below(2) == 0 {
            let end = if rng.below(4) == 0 { good.len() } else { images };
            (256..end).for_each(|at| byte(at, good[at]));
            number(388, 1);
        }
        if rng.below(4) == 0 {
            std::thread::sleep(Duration::from_micros(rng.any() % 3000));
        }
    }
}

/// Uses a region that is scribbled into: `plain` reads and updates as well, `mixed` has bytes that are no values, and takes
/// snapshots only. Errors are in order, and nonsense; whatever else happens is not.
pub fn victim(what: &str, path: &str, seed: u64, seconds: u64) {
    match what {
        "plain" => suffer::<Plain>(path, seed, seconds, Some((inspect, operate))),
        "mixed" => suffer::<Mixed>(path, seed, seconds, None),
        "others" => suffer::<Others>(path, seed, seconds, Some((inspect_others, operate_on_others))),
        "opener" => open_and_look(path, seconds),
        _ => panic!("no such victim: {what}"),
    }
}

type Use<T> = (fn(&T), fn(&mut T, &mut Rng));

fn suffer<T: SharedLayout>(path: &str, seed: u64, seconds: u64, with: Option<Use<T>>) {
    let (mut rng, since) = (Rng::new(seed), Instant::now());
    let open = || in_time("open", || State::<T>::options().timeout(TIMEOUT).open(path));
    let mut handles = Vec::new();
    let (mut done, mut refused) = ([0u64; 5], 0u64);
    let mut note = |what: usize, result: Result<(), Error>| match result {
        Ok(()) => done[what] += 1,
        Err(e) => {
            sane(&e);
            refused += 1;
        }
    };
    say("in");
    while since.elapsed() < Duration::from_secs(seconds) {
        watch();
        if handles.is_empty() || handles.len() < 3 && rng.below(50) == 0 {
            note(0, open().map(|state| handles.push(state)));
            continue;
        }
        if rng.below(100) == 0 {
            handles.swap_remove(rng.below(handles.len()));
            continue;
        }
        let state = &handles[rng.below(handles.len())];
        match (rng.below(6), with) {
            (0, _) | (_, None) => note(1, in_time("snapshot", || state.snapshot().map(drop))),
            (1 | 2, Some((see, _))) => note(2, in_time("read", || state.read(see))),
            (3, Some((see, _))) => {
                // A second closure inside of the first, and another thread.
                let both = in_time("reads", || state.read(|s| state.read(see).map(|()| see(s))));
                note(2, both.and_then(|inner| inner));
                std::thread::scope(|s| s.spawn(|| state.read(see)).join()).expect("a thread").unwrap_or_default();
            }
            (_, Some((_, change))) => note(3, in_time("update", || state.update(|s| change(s, &mut rng)))),
        }
        note(4, in_time("clone", || if rng.below(200) == 0 { state.try_clone().map(drop) } else { Ok(()) }));
    }
    drop(handles);
    let [opened, snapshots, reads, updates, _] = done;
    say(&format!("opened {opened}, snapshots {snapshots}, reads {reads}, updates {updates}, refused {refused}"));
}

/// Opens a region over and over whose header and schema are scribbled over: it is refused, or it is what it has to be.
fn open_and_look(path: &str, seconds: u64) {
    let (since, mut opened, mut refused) = (Instant::now(), 0u64, 0u64);
    let mut note = |looked: Result<Box<Plain>, Error>| match looked {
        Ok(seen) => {
            inspect(&seen);
            opened += 1;
        }
        Err(e) => {
            sane(&e);
            refused += 1;
        }
    };
    say("in");
    while since.elapsed() < Duration::from_secs(seconds) {
        watch();
        let open = || State::<Plain>::options().timeout(TIMEOUT).open(path);
        note(in_time("open", || open().and_then(|state| state.try_clone()?.snapshot())));
        note(in_time("a view", || State::<Plain>::open_read_only(path).and_then(|view| view.snapshot())));
    }
    say(&format!("opened {opened}, refused {refused}"));
}
