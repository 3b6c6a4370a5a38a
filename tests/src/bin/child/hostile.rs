//! Runs the bodies of the fuzz targets, and uses regions that are scribbled into.

use crate::{calls, say};
use shmstate::{Error, SharedLayout, State};
use shmstate_tests::Rng;
use shmstate_tests::hostile::{
    Mixed, Others, Plain, TARGETS, TIMEOUT, Target, in_time, input, inspect, inspect_others, inspect_view, operate,
    operate_on_others, sane,
};
use std::fs;
use std::path::Path;
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

/// Uses a region that is scribbled into: `plain` reads and updates as well, `mixed` has bytes that are no values, and takes
/// snapshots only. Errors are in order, and nonsense; whatever else happens is not.
pub fn victim(what: &str, path: &str, seed: u64, seconds: u64) {
    match what {
        "plain" => suffer::<Plain>(path, seed, seconds, Some((inspect, operate))),
        "mixed" => suffer::<Mixed>(path, seed, seconds, None),
        "others" => suffer::<Others>(path, seed, seconds, Some((inspect_others, operate_on_others))),
        "view" => suffer_by_view(path, seed, seconds),
        "calls" => calls::suffer(path, seed, seconds, watch),
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

/// Without the type.
fn suffer_by_view(path: &str, seed: u64, seconds: u64) {
    let (mut rng, since, mut rounds) = (Rng::new(seed), Instant::now(), 0u64);
    say("in");
    while since.elapsed() < Duration::from_secs(seconds) {
        watch();
        inspect_view(Path::new(path), &mut rng, false);
        rounds += 1;
    }
    say(&format!("{rounds} rounds"));
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
