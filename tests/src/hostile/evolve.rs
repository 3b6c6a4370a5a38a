//! Migrations of an attacker: from any layout to any other one, of bytes that are no value.

use super::document::file_of;
use super::{TIMEOUT, in_time, path, put};
use crate::Rng;
use crate::types::{Change, Ty};
use serde_json::Value as Json;
use shmstate::dynamic::{DynState, Migration};
use shmstate::{Error, ErrorKind};
use std::fs::{File, remove_file};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of the largest state that is made.
const LARGEST: u64 = 4 << 20;

/// If the first byte is odd, the others are two documents and what is written into a region of the first one, each up to the end
/// of a line. If it is even, the next 16 bytes are where random layouts begin, the second of which is a change of the first one if
/// the next bit says so; the others are what is written.
///
/// # Panics
/// If the new state is no value, or the old region is out of service although there is no new one.
pub fn evolve(bytes: &[u8]) {
    let (mode, bytes) = bytes.split_at(bytes.len().min(1));
    let mode = mode.first().copied().unwrap_or_default();
    if mode % 2 == 1 {
        let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
        let [old, new, writes] = [(); 3].map(|()| lines.next().unwrap_or_default());
        if size(old).is_some_and(|size| size <= LARGEST) {
            migrate(old, &String::from_utf8_lossy(new), None, writes, mode);
        }
        return;
    }
    let (seeds, writes) = bytes.split_at(bytes.len().min(16));
    let number = |part: &[u8]| part.iter().fold(1u64, |all, byte| all << 8 ^ all >> 56 ^ u64::from(*byte));
    let (one, other) = seeds.split_at(seeds.len() / 2);
    let (old, rng) = (Ty::random_struct(&mut Rng::new(number(one)), 3), &mut Rng::new(number(other)));
    let new = if mode & 2 == 0 { Ty::random_struct(rng, 3) } else { old.changed(rng, Change::Grow) };
    // What is in it is not only zeroes.
    let content = (mode & 4 != 0).then(|| old.value(rng).to_string());
    migrate(old.schema().as_bytes(), &new.schema(), content, writes, mode);
}

/// Bytes of the state that a document describes.
fn size(document: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Json>(document).ok()?["types"].as_array()?.last()?["size"].as_u64()
}

/// Makes a region, fills it, spoils it while it is in use, and migrates it.
fn migrate(old: &[u8], new: &str, content: Option<String>, writes: &[u8], mode: u8) {
    let path = path("evolve");
    put(&path, &file_of(old));
    let open = || DynState::options().writable(true).timeout(TIMEOUT).open(&path);
    let Ok(mut state) = in_time("open", open) else { return };
    if let Some(content) = content {
        state.from_json("", &content).expect("a value of its type");
    }
    damage(&path, writes);
    let Some(migration) = allowed(in_time("plan", || state.migration(new))) else { return };
    plan(&migration);
    if size(new.as_bytes()).is_none_or(|size| size > LARGEST) {
        return;
    }
    if let Some(snapshot) = allowed(in_time("snapshot", || state.snapshot()))
        && let Some(snapshot) = allowed(in_time("apply", || migration.apply(&snapshot, &[""])))
    {
        let _ = in_time("to_json", || snapshot.value().to_json());
    }
    let done = in_time("migrate", || state.migrate(new, if mode & 8 == 0 { &[""] } else { &[] }));
    match allowed(done) {
        Some(()) => {
            in_time("snapshot", || state.snapshot()).expect("a value");
            drop(state);
            DynState::options().writable(true).open(&path).expect("a value to a new population");
        }
        None => assert!(state.is_current().expect("its name"), "the old region is in service"),
    }
    let _ = remove_file(&path);
}

/// Writes into each copy of the state: an offset, a length, bytes.
fn damage(path: &Path, writes: &[u8]) {
    let file = File::options().read(true).write(true).open(path).expect("its file");
    let word = |at| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).expect("a header");
        u64::from_ne_bytes(bytes)
    };
    let (size, images, stride, copies) = (word(80), word(160), word(168), 2);
    let mut rest = writes;
    while let Some(([a, b, c, len], more)) = rest.split_first_chunk() {
        let at = u64::from(u32::from_le_bytes([*a, *b, *c, 0])) % size.max(1);
        let (data, more) = more.split_at(more.len().min(usize::from(*len) % 9));
        let data = &data[..data.len().min((size - at) as usize)];
        (0..copies).for_each(|copy| file.write_all_at(data, images + copy * stride + at).expect("a write"));
        rest = more;
    }
}

/// All that is said of a plan.
fn plan(migration: &Migration) {
    let (losses, table) = in_time("say", || (migration.losses(), migration.to_string()));
    assert!(losses.len() <= 100 && table.len() < 4 << 20, "{} losses, {} bytes", losses.len(), table.len());
}

fn allowed<T>(result: Result<T, Error>) -> Option<T> {
    use ErrorKind::{Busy, Corrupt, Full, InvalidOption, LayoutMismatch, NoSpace, Retired, Unsupported};
    match result {
        Ok(done) => Some(done),
        Err(e) => {
            let known = [Busy, Corrupt, Full, InvalidOption, LayoutMismatch, NoSpace, Retired, Unsupported];
            assert!(known.contains(&e.kind()) && e.to_string().len() < 4 << 20, "{:?}: {e}", e.kind());
            None
        }
    }
}
