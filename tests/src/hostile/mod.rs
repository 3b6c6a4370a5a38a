//! Files and bytes of an attacker: the bodies of the fuzz targets, which a plain driver runs as well.
//!
//! Whatever the bytes are, a process gets errors or values that mean nothing. It does not crash, panic, or hang.

mod document;
mod dynamic;
mod evolve;
mod file;
mod mutate;
mod others;
mod types;

pub use document::{Argument, Doc, Field, Kind, Schema, Type, Variant, agrees_with_the_library, schema};
pub use dynamic::{dynamic, inspect_view};
pub use evolve::evolve;
pub use file::Sketch;
pub use mutate::input;
pub use others::{Others, inspect_others, operate_on_others};
pub use types::{Mixed, Plain, inspect, operate};

use crate::{Rng, scratch_dir};
use shmstate::{Error, ErrorKind, SharedLayout, State};
use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The body of a fuzz target.
pub type Target = fn(&[u8]);

/// The targets by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("attach", attach),
    ("attach_sealed", attach_sealed),
    ("dynamic", dynamic),
    ("evolve", evolve),
    ("schema", schema),
    ("snapshot", snapshot),
];

/// How long a call may wait in here.
pub const TIMEOUT: Duration = Duration::from_millis(3);

/// How much longer than its deadline a call may take on a busy machine.
const SLACK: Duration = Duration::from_secs(5);

/// A directory for the files of this process. It is never dropped; a driver puts it into a directory that is removed.
static DIR: LazyLock<(Option<TempDir>, PathBuf)> = LazyLock::new(|| match std::env::var_os("SHMSTATE_HOSTILE_DIR") {
    Some(dir) => (None, dir.into()),
    None => {
        let dir = scratch_dir();
        let path = dir.path().to_owned();
        (Some(dir), path)
    }
});

fn path(name: &str) -> PathBuf {
    DIR.1.join(name)
}

/// Writes a file that this process would trust.
fn put(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a hostile file");
    fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("its mode");
}

/// Runs `f`, which must be back by its deadline.
///
/// # Panics
/// If it is not.
pub fn in_time<R>(what: &str, f: impl FnOnce() -> R) -> R {
    let since = Instant::now();
    let result = f();
    assert!(since.elapsed() < TIMEOUT + SLACK, "{what} took {:?}", since.elapsed());
    result
}

/// Opens the file, with a short deadline. What is said about a file that is refused makes sense and is short.
///
/// # Panics
/// If the error is none of those that a file's content can cause.
#[must_use]
pub fn open<T: SharedLayout>(path: &Path) -> Option<State<T>> {
    match in_time("open", || State::<T>::options().timeout(TIMEOUT).open(path)) {
        Ok(state) => Some(state),
        Err(e) => {
            sane(&e);
            None
        }
    }
}

/// # Panics
/// If the error is none of those that bytes can cause.
pub fn sane(e: &Error) {
    let known = matches!(
        e.kind(),
        ErrorKind::Corrupt
            | ErrorKind::UnknownFormat
            | ErrorKind::LayoutMismatch
            | ErrorKind::Rebooted
            | ErrorKind::Busy
            | ErrorKind::Retired
            | ErrorKind::NoSpace
    );
    let message = e.to_string();
    assert!(known, "{:?}: {message}", e.kind());
    assert!(message.len() < 4 << 20, "an error message of {} bytes", message.len());
}

/// A region that was opened, so its content is a value: everything works from here on, and gives what a private value
/// gives.
fn works(path: &Path, seed: u64) {
    let Some(state) = open::<Mixed>(path) else { return };
    let mut model = state.snapshot().expect("a snapshot");
    assert!(state.read(|s| *s == *model).expect("a read"), "a snapshot is what is read");
    let mut rng = Rng::new(seed);
    for round in 0..4 {
        let seed = rng.any();
        let before = state.version().expect("a version");
        state.update(|s| s.operate(&mut Rng::new(seed))).expect("an update");
        model.operate(&mut Rng::new(seed));
        assert_eq!(state.version().expect("a version"), before + 1);
        assert!(*state.snapshot().expect("a snapshot") == *model, "update {round} went wrong");
        let undone = state.try_update(|s| {
            s.operate(&mut Rng::new(!seed));
            Err::<(), ()>(())
        });
        assert!(undone.expect("an update").is_err());
        assert!(state.read(|s| *s == *model).expect("a read"), "roll-back {round} went wrong");
    }
}

/// Any bytes as a region's file.
pub fn attach(bytes: &[u8]) {
    let path = path("attach");
    put(&path, bytes);
    works(&path, bytes.len() as u64);
    if fs::metadata(&path).is_ok()
        && let Err(e) = in_time("remove", || shmstate::remove(&path))
    {
        sane(&e);
    }
}

/// Any bytes as a region's file whose identity and schema are in order: the first two say how many copies and slots it
/// has, the others are everything after the identity but the schema. Where they end, the rest is that of a sound region.
pub fn attach_sealed(bytes: &[u8]) {
    let (numbers, content) = bytes.split_at(bytes.len().min(2));
    let number = |i: usize| numbers.get(i).map_or(0, |b| usize::from(*b));
    let mut sketch = Sketch::sound(2 + number(0) % 7, 1 + number(1) % 4);
    sketch.overwrite(content);
    attach(&sketch.sealed());
}

/// A sound region that is overwritten, before it is opened and afterwards: the bytes are a list of commands of that
/// process and of one that uses the region meanwhile.
///
/// What is read in place is made of integers here, for which any bytes are values; the rest is looked at in snapshots.
pub fn snapshot(bytes: &[u8]) {
    let (head, body) = bytes.split_at(bytes.len().min(2));
    let copies = head.first().map_or(3, |b| 2 + usize::from(*b) % 3);
    if head.get(1).is_some_and(|b| b % 2 == 1) {
        commands::<Mixed>(copies, body, |_| {}, |_, _| {});
    } else {
        commands::<Plain>(copies, body, inspect, operate);
    }
}

fn commands<T: SharedLayout>(copies: usize, mut bytes: &[u8], see: fn(&T), change: fn(&mut T, &mut Rng)) {
    let path = path("snapshot");
    let _ = fs::remove_file(&path);
    let state = State::<T>::options().timeout(TIMEOUT).copies(copies).handles(3).create(&path).expect("a region");
    state.update(|s| change(s, &mut Rng::new(1))).expect("an update");
    let file = fs::File::options().write(true).open(&path).expect("the file");
    let len = file.metadata().expect("its length").len();
    let mut handles = vec![state];
    let mut take = |count: usize| -> Option<&[u8]> {
        let (now, rest) = bytes.split_at_checked(count)?;
        bytes = rest;
        Some(now)
    };
    for _ in 0..64 {
        let Some(&[op, a, b, c, d]) = take(5) else { return };
        let result = match op % 16 {
            0..7 => {
                // The words that are shared, the images, or anything after the identity.
                let any = u64::from(u32::from_le_bytes([a, b, c, 0]));
                let span = if op % 16 < 3 { 512 } else { len - 256 };
                let at = 256 + any % span;
                let Some(data) = take(usize::from(d) % 32 + 1) else { return };
                let fits = data.len().min((len - at) as usize);
                file.write_all_at(&data[..fits], at).expect("a scribble");
                Ok(())
            }
            7 => {
                handles.extend(open::<T>(&path));
                Ok(())
            }
            8 if handles.len() > 1 => {
                handles.swap_remove(usize::from(a) % handles.len());
                Ok(())
            }
            op => match handles.get(usize::from(a) % handles.len().max(1)) {
                None => return,
                Some(state) if op < 11 => in_time("snapshot", || state.snapshot().map(drop)),
                Some(state) if op < 13 => in_time("read", || state.read(see)),
                Some(state) if op < 15 => {
                    in_time("update", || state.update(|s| change(s, &mut Rng::new(u64::from(b)))))
                }
                Some(state) => in_time("try_clone", || state.try_clone().map(drop)),
            },
        };
        if let Err(e) = result {
            sane(&e);
        }
    }
}
