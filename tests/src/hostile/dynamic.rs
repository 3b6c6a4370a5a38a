//! The dynamic view of regions of an attacker: of spoilt content under a sound schema, and of any schema.

use super::document::file_of;
use super::{Sketch, TIMEOUT, in_time, path, put};
use crate::all::{All, typed_step};
use crate::{Rng, scratch_dir};
use shmstate::dynamic::{Data, DynState, Edit, EntryKey, Value, ValueKind};
use shmstate::{Error, ErrorKind, State};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// Values that are looked at in one walk.
const MOST: usize = 3000;

/// A sound region of everything, with some history.
static SOUND: LazyLock<Sketch> = LazyLock::new(|| {
    let dir = scratch_dir();
    let path = dir.path().join("sound");
    let state = State::<All>::options().copies(2).handles(2).create(&path).expect("a region");
    let rng = &mut Rng::new(5);
    for _ in 0..400 {
        state.update(|all| typed_step(all, rng)).expect("an update");
    }
    drop(state);
    Sketch { bytes: fs::read(&path).expect("its file") }
});

/// If the first byte is even, the others are writes into the content of a sound region: an offset, a length, bytes. If it is odd,
/// they are the document of a region of zeroes.
///
/// # Panics
/// If the view takes bytes for a value that the type refuses, or the other way round; or makes a state that is no value.
pub fn dynamic(bytes: &[u8]) {
    let (mode, bytes) = bytes.split_at(bytes.len().min(1));
    let (path, rng) = (path("dynamic"), &mut Rng::new(bytes.len() as u64));
    if mode.first().is_some_and(|mode| mode % 2 == 1) {
        put(&path, &file_of(bytes));
        return inspect_view(&path, rng, true);
    }
    let mut sketch = SOUND.clone();
    let images = sketch.word(160);
    let active = sketch.word(320) & 0x3f;
    let (image, size) = (images + active * sketch.word(168), sketch.word(80));
    let mut rest = bytes;
    while let Some(([a, b, c, len], more)) = rest.split_first_chunk() {
        let at = u32::from_le_bytes([*a, *b, *c, 0]) as usize % size;
        let (data, more) = more.split_at(more.len().min(usize::from(*len) % 9));
        for (i, byte) in data.iter().enumerate().filter(|(i, _)| at + i < size) {
            sketch.bytes[image + at + i] = *byte;
        }
        rest = more;
    }
    put(&path, &sketch.sealed());
    let typed = State::<All>::open(&path).map(drop);
    let view = DynState::options().writable(true).open(&path).map(drop);
    match (&typed, &view) {
        // What is archived, a program without the type does not know.
        (Err(e), Ok(())) => assert!(e.to_string().contains("archive"), "the type alone refuses it: {e}"),
        (Ok(()), Err(e)) => panic!("the view alone refuses it: {e}"),
        _ => {}
    }
    inspect_view(&path, rng, true);
}

/// Looks at whatever is there, and changes it if that is allowed. If no other process writes there, a change leads to a value.
///
/// # Panics
/// If an error is none that bytes can cause.
pub fn inspect_view(path: &Path, rng: &mut Rng, alone: bool) {
    if let Some(view) = opened(in_time("open", || DynState::open(path))) {
        let read = in_time("read", || view.read(|v| walk(v, &mut MOST.clone(), &mut |_, _| ())));
        allowed(read.and_then(|read| read));
        allowed(in_time("snapshot", || view.snapshot()).map(drop));
        allowed(in_time("to_json", || view.to_json("")).map(drop));
    }
    let open = || DynState::options().writable(true).timeout(TIMEOUT).open(path);
    let Some(writer) = opened(in_time("open", open)) else { return };
    for _ in 0..12 {
        let seed = rng.any();
        allowed(in_time("update", || writer.update(|v| change(v, &mut Rng::new(seed), alone))));
        let seen = in_time("snapshot", || writer.snapshot());
        // The first handle has checked all of it, and no change makes it another thing than a value.
        assert!(!alone || seen.is_ok(), "{:?}", seen.err());
        allowed(seen.map(drop));
    }
}

fn opened(result: Result<DynState, Error>) -> Option<DynState> {
    let refused = result.as_ref().err().map(|e| (e.kind(), e.to_string()));
    if let Some((kind, message)) = refused {
        assert!(
            kind != ErrorKind::Io && kind != ErrorKind::Reentrant && message.len() < 4 << 20,
            "{kind:?}: {message}"
        );
    }
    result.ok()
}

fn allowed<T>(result: Result<T, Error>) {
    if let Err(e) = result {
        use ErrorKind::{Busy, Corrupt, Full, InvalidPath, InvalidValue, Retired, Unsupported};
        let known = [Busy, Corrupt, Full, InvalidPath, InvalidValue, Retired, Unsupported];
        assert!(known.contains(&e.kind()), "{:?}: {e}", e.kind());
    }
}

/// Calls `f` with values and the paths that lead to them, until `left` of them were looked at.
fn walk(value: Value<'_>, left: &mut usize, f: &mut impl FnMut(&str, ValueKind)) -> Result<(), Error> {
    parts("", value, left, f)
}

fn parts(path: &str, value: Value<'_>, left: &mut usize, f: &mut impl FnMut(&str, ValueKind)) -> Result<(), Error> {
    let Some(one_less) = left.checked_sub(1) else { return Ok(()) };
    *left = one_less;
    f(path, value.kind());
    match value.kind() {
        ValueKind::Struct => {
            let dot = if path.is_empty() { "" } else { "." };
            value.fields()?.try_for_each(|(name, part)| parts(&format!("{path}{dot}{name}"), part, left, f))
        }
        ValueKind::Enum => {
            let variant = value.variant()?;
            value.fields()?.try_for_each(|(name, part)| parts(&format!("{path}.{variant}.{name}"), part, left, f))
        }
        ValueKind::Sequence => {
            value.items()?.enumerate().take(50).try_for_each(|(i, item)| parts(&format!("{path}[{i}]"), item, left, f))
        }
        ValueKind::Set => value.items()?.take(50).try_for_each(|item| item.to_json().map(drop)),
        ValueKind::Map | ValueKind::Slab => value.entries()?.take(50).try_for_each(|entry| match entry? {
            (EntryKey::Slab(key), value) => parts(&format!("{path}[{key}]"), value, left, f),
            (EntryKey::Value(key), value) => {
                key.to_json()?;
                value.to_json().map(drop)
            }
        }),
        ValueKind::Maybe => value.some()?.map_or(Ok(()), |value| value.to_json().map(drop)),
        _ => value.to_json().map(drop),
    }
}

/// Some value, which seldom is one of the type that it meets.
fn any(rng: &mut Rng) -> Data {
    match rng.below(8) {
        0 => Data::None,
        1 => "a".into(),
        2 => true.into(),
        3 => 0.5.into(),
        4 => vec![1u8, 2].into(),
        5 => Data::Signed(-1),
        _ => Data::Unsigned(rng.below(4) as u128),
    }
}

/// A few changes, of which most are refused.
fn change(v: &mut Edit<'_>, rng: &mut Rng, alone: bool) -> Result<(), Error> {
    let mut paths = Vec::new();
    walk(v.value(), &mut 400.clone(), &mut |path, kind| paths.push((path.to_owned(), kind)))?;
    for _ in 0..8 {
        let (path, kind) = &paths[rng.below(paths.len())];
        let result = match (kind, rng.below(6)) {
            (_, 0) => {
                let json = v.get(path)?.to_json();
                json.and_then(|json| {
                    v.set_json(path, &json)?;
                    let now = v.get(path)?.to_json()?;
                    assert!(!alone || now == json, "`{path}` is what it was set to");
                    Ok(())
                })
            }
            (_, 1) => v.clear(path),
            (ValueKind::Sequence | ValueKind::Set, 2) => v.remove(&format!("{path}[{}]", rng.below(3))),
            (ValueKind::Sequence, 3) => v.insert(path, rng.below(3) as u64, any(rng)),
            (ValueKind::Sequence | ValueKind::Set, _) => v.push(path, any(rng)),
            (ValueKind::Map, 2) => v.remove(&format!("{path}[{}]", rng.below(3))),
            (ValueKind::Map, _) => v.insert(path, any(rng), any(rng)),
            (ValueKind::Slab, _) => v.add(path, any(rng)).map(drop),
            _ => v.set(path, any(rng)),
        };
        allowed(result);
    }
    Ok(())
}
