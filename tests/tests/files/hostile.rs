//! Files and processes that mean harm: errors and nonsense, but no crash, no panic, no hang.
//!
//! `SHMSTATE_HOSTILE` is how many seconds each of these runs (2 without), `SHMSTATE_SEED` where the random inputs begin.

use shmstate::{SharedLayout, State};
use shmstate_tests::all::typed_step;
use shmstate_tests::hostile::{
    Field, Kind, Mixed, Others, Plain, Schema, TARGETS, Type, agrees_with_the_library, inspect, inspect_others,
    operate, operate_on_others, sane,
};
use shmstate_tests::{Child, Rng, child, scratch_dir};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

fn seconds() -> String {
    setting("SHMSTATE_HOSTILE", 2).to_string()
}

/// The helper, whose own files go to `dir`.
fn helper(dir: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_child"));
    Child::start_command(command.args(args).env("SHMSTATE_HOSTILE_DIR", dir))
}

/// Waits for the helper, however long it has to run: it has an alarm of its own.
fn wait(child: Child) -> (bool, String) {
    let mut last = String::new();
    while let Some(line) = child.patient_line() {
        last = line;
    }
    let fate = child.fate();
    (fate.status.success(), format!("{last} ({})", fate.status))
}

/// Random inputs for a target. One that harms is kept, for `child replay`.
fn random(target: &str) {
    let dir = scratch_dir();
    let seed = setting("SHMSTATE_SEED", 0).to_string();
    let args = ["hostile", target, dir.path().to_str().unwrap(), &seed, &seconds()];
    let (content, last) = wait(helper(dir.path(), &args));
    println!("{last}");
    if !content {
        let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{target}"));
        fs::copy(dir.path().join("input"), &kept).unwrap();
        panic!("{last}: see it again by `child replay {target} {}`", kept.display());
    }
}

#[test]
fn random_files() {
    random("attach");
}

#[test]
fn random_content_under_right_checksums() {
    random("attach_sealed");
}

#[test]
fn random_schemas() {
    random("schema");
}

#[test]
fn random_writes_into_a_region_in_use() {
    random("snapshot");
}

#[test]
fn random_regions_without_their_type() {
    random("dynamic");
}

#[test]
fn random_migrations() {
    random("evolve");
}

/// Inputs that have harmed once, and some of each kind.
#[test]
fn corpus() {
    let (dir, mut inputs) = (scratch_dir(), 0);
    for (target, _) in TARGETS {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        for entry in fs::read_dir(corpus).into_iter().flatten() {
            let input = entry.unwrap().path();
            let (content, last) = wait(helper(dir.path(), &["replay", target, input.to_str().unwrap()]));
            assert!(content, "{}: {last}", input.display());
            inputs += 1;
        }
    }
    assert!(inputs > 0);
}

/// The hostile documents are near sound ones: what is said of documents here is what the library writes.
#[test]
fn documents_are_what_the_library_writes() {
    agrees_with_the_library();
}

/// A file of half a megabyte whose differences to the program's type, written out, would be gigabytes.
#[test]
fn a_schema_that_repeats_itself() {
    let ty = |name: &str, size, kind| {
        let arguments = vec![];
        Type { name: name.into(), size, align: 8, version: 0, arguments, kind }
    };
    let fields = (0..8000).map(|i| Field { name: format!("f{i}"), offset: 0, ty: 0 }).collect();
    let types = vec![ty(&"x".repeat(300_000), 0, Kind::Pod), ty("Mixed", 64, Kind::Struct { fields })];
    let bytes = Schema::new(types).to_bytes();
    assert!(bytes.len() < 1 << 20);
    let dir = scratch_dir();
    let file = dir.path().join("bomb");
    fs::write(&file, bytes).unwrap();
    let (content, last) = wait(helper(dir.path(), &["replay", "schema", file.to_str().unwrap()]));
    assert!(content, "{last}");
}

/// Processes that use a region while others write into it.
fn live(what: &str, victims: &[&str], scribblers: u64) {
    let dir = scratch_dir();
    let (plain, mixed) = (dir.path().join("plain"), dir.path().join("mixed"));
    let state = State::<Plain>::options().create(&plain).unwrap();
    (0..30).for_each(|seed| state.update(|s| operate(s, &mut Rng::new(seed))).unwrap());
    let other = State::<Mixed>::options().create(&mixed).unwrap();
    (0..30).for_each(|seed| other.update(|s| s.operate(&mut Rng::new(seed))).unwrap());
    let mut crowd = Vec::new();
    let mut scribbling = Vec::new();
    for path in [&plain, &mixed] {
        for seed in 0..scribblers {
            // The heads are those of the one type, and only that one is opened over and over.
            if path == &plain || !["heads", "identity"].contains(&what) {
                let child = child!["scribble", what, path, seed.to_string()];
                child.expect("in");
                scribbling.push(child);
            }
        }
    }
    for (seed, victim) in victims.iter().enumerate() {
        let path = if *victim == "mixed" { &mixed } else { &plain };
        crowd.push(child!["victim", victim, path, seed.to_string(), seconds()]);
    }
    let ends: Vec<_> = crowd.into_iter().map(wait).collect();
    ends.iter().for_each(|(_, last)| println!("{what}: {last}"));
    assert!(ends.iter().all(|(content, _)| *content), "{what}: {ends:?}");
}

#[test]
fn a_scribbler_everywhere() {
    live("all", &["plain", "plain", "mixed"], 1);
}

#[test]
fn a_scribbler_in_the_shared_words() {
    live("words", &["plain", "plain", "mixed"], 1);
}

#[test]
fn a_scribbler_in_the_lists_heads() {
    live("heads", &["plain", "plain"], 1);
}

#[test]
fn a_scribbler_in_header_and_schema() {
    live("identity", &["opener", "opener"], 1);
}

/// The words that say which copy is the active one and which is next, in all combinations that could lead out of the region.
#[test]
fn words_that_name_copies_which_do_not_exist() {
    let dir = scratch_dir();
    let path = dir.path().join("plain");
    let state = State::<Plain>::options().timeout(Duration::ZERO).create(&path).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    let (published, turns) = (320, 360);
    let mut refused = 0;
    for copy in (0..64).chain([64, 128, 255]) {
        for next in (0..66).chain([255, 256, 257, u32::MAX]) {
            file.write_all_at(&(7u64 << 8 | copy).to_ne_bytes(), published).unwrap();
            file.write_all_at(&next.to_ne_bytes(), turns).unwrap();
            let results = [state.update(|s| operate(s, &mut Rng::new(copy))), state.read(inspect)];
            refused += results.iter().filter_map(|result| result.as_ref().err()).inspect(|e| sane(e)).count();
        }
    }
    assert!(refused > 0);
}

/// A follower does not go back: what it says of a change is of versions in their order.
#[test]
fn versions_that_go_back() {
    let dir = scratch_dir();
    let path = dir.path().join("plain");
    let state = State::<Plain>::create(&path).unwrap();
    (0..30).for_each(|seed| state.update(|s| operate(s, &mut Rng::new(seed))).unwrap());
    let file = fs::File::options().read(true).write(true).open(&path).unwrap();
    let read = |at| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).unwrap();
        u64::from_ne_bytes(bytes)
    };
    let write = |at, word: u64| file.write_all_at(&word.to_ne_bytes(), at).unwrap();
    // What names the active copy, and the version that the line of that copy has.
    let (published, before) = (320, read(320));
    let synced = read(136) + 64 * (before & 0xff) + 8;
    let view = State::<Plain>::open_read_only(&path).unwrap();
    let (mut pinned, mut unpinned) = (state.follow().unwrap(), view.follow().unwrap());
    for version in [0, 7, 30] {
        write(synced, version);
        // Newer, the same and older, alone and with the marks of a region that is being replaced.
        for word in [40, 30, 7].into_iter().flat_map(|named| [0, 0x40, 0x80, 0xc0].map(|marks| named << 8 | marks)) {
            write(published, word | before & 0xff);
            for advanced in [pinned.advance(), unpinned.advance()] {
                match advanced {
                    Ok(change) => assert!(change.is_none(), "{word:x}: {change:?}"),
                    Err(e) => sane(&e),
                }
            }
        }
    }
    write(synced, 30);
    write(published, before);
    state.update(|s| s.table[0] = 1).unwrap();
    for change in [pinned.advance(), unpinned.advance()].map(|advanced| advanced.unwrap().unwrap()) {
        assert_eq!((change.from(), change.to(), change.skipped()), (30, 31, 0));
    }
}

/// Between the search for room and the end of the call that puts a value there, everything is overwritten.
#[test]
fn containers_are_overwritten_while_a_value_is_made() {
    let dir = scratch_dir();
    let path = dir.path().join("others");
    let state = State::<Others>::create(&path).unwrap();
    (0..30).for_each(|seed| state.update(|s| operate_on_others(s, &mut Rng::new(seed))).unwrap());
    let sound = state.snapshot().unwrap();
    let file = fs::File::options().read(true).write(true).open(&path).unwrap();
    let word = |at| {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, at).unwrap();
        u64::from_ne_bytes(bytes)
    };
    let (images, stride) = (word(160), word(168));
    let fill = |byte: u8| {
        for copy in 0..3 {
            file.write_all_at(&[byte; size_of::<Others>()], images + copy * stride).unwrap();
        }
    };
    for byte in [0, 1, 2, 0x7f, 0x80, 0xff] {
        let calls: [&dyn Fn(&mut Others); 11] = [
            &|s| _ = s.ring.push_with(|_| fill(byte)),
            &|s| _ = s.queue.push_back_with(|_| fill(byte)),
            &|s| _ = s.queue.push_front_with(|_| fill(byte)),
            &|s| _ = s.queue.insert_with(0, |_| fill(byte)),
            &|s| {
                let _ = s.queue.push_back_with(|list| {
                    let _ = list.push_with(|_| fill(byte));
                    let _ = list.insert_with(0, |_| fill(byte));
                });
            },
            &|s| _ = s.slab.insert_with(|_| fill(byte)),
            &|s| _ = s.maybe.insert_with(|_| fill(byte)),
            &|s| _ = s.map.insert_with(77, |_| fill(byte)),
            &|s| _ = s.sorted.insert_with(77, |_| fill(byte)),
            &|s| _ = s.set.insert_with(|_| fill(byte)),
            &|s| s.queue.retain_mut(|_| (fill(byte), false).1),
        ];
        for call in calls {
            let make_room = |s: &mut Others| {
                s.clone_from(&sound);
                let _ = (s.queue.pop_front(), s.sorted.pop_first());
                s.map.retain(|key, _| key % 2 == 0);
                s.set.retain(|key| key % 2 == 0);
                s.slab.retain(|_, value| *value % 2 == 0);
            };
            state.update(|s| (make_room(s), call(s), inspect_others(s)).2).unwrap();
            let seen = state.read(inspect_others);
            assert!(seen.is_ok(), "{seen:?}");
        }
    }
}

/// Between any two instructions of one process.
fn interrupted<T: SharedLayout>(what: &str, victim: &str, change: fn(&mut T, &mut Rng)) {
    let dir = scratch_dir();
    let path = dir.path().join("state");
    let state = State::<T>::create(&path).unwrap();
    (0..30).for_each(|seed| state.update(|s| change(s, &mut Rng::new(seed))).unwrap());
    let seed = setting("SHMSTATE_SEED", 0).to_string();
    let (content, last) = wait(child!["interrupted", victim, what, &path, seed, seconds()]);
    println!("{what}: {last}");
    assert!(content, "{what}: {last}");
}

#[test]
fn interrupted_by_a_scribbler_everywhere() {
    interrupted("all", "plain", operate);
}

#[test]
fn calls_interrupted_by_a_scribbler_everywhere() {
    interrupted("all", "calls", operate);
}

#[test]
fn calls_interrupted_by_a_scribbler_in_the_shared_words() {
    interrupted("words", "calls", operate);
}

#[test]
fn calls_interrupted_by_a_scribbler_in_the_lists_heads() {
    interrupted("heads", "calls", operate);
}

#[test]
fn views_interrupted_by_a_scribbler_everywhere() {
    interrupted("all", "view", typed_step);
}

#[test]
fn views_interrupted_by_a_scribbler_in_the_content() {
    interrupted("content", "view", typed_step);
}

#[test]
fn snapshots_interrupted_by_a_scribbler_everywhere() {
    interrupted("all", "mixed", Mixed::operate);
}

#[test]
fn interrupted_by_a_scribbler_in_the_shared_words() {
    interrupted("words", "plain", operate);
}

#[test]
fn interrupted_by_a_scribbler_in_the_lists_heads() {
    interrupted("heads", "plain", operate);
}

#[test]
fn interrupted_by_a_scribbler_in_containers_that_are_made_of_others() {
    interrupted("content", "others", operate_on_others);
}

#[test]
fn a_scribbler_in_containers_that_are_made_of_others() {
    let dir = scratch_dir();
    let path = dir.path().join("others");
    let state = State::<Others>::create(&path).unwrap();
    (0..30).for_each(|seed| state.update(|s| operate_on_others(s, &mut Rng::new(seed))).unwrap());
    let scribbler = child!["scribble", "content", &path, "0"];
    scribbler.expect("in");
    let victims = [0, 1].map(|seed| child!["victim", "others", &path, seed.to_string(), seconds()]);
    let ends = victims.map(wait);
    println!("{ends:?}");
    assert!(ends.iter().all(|(content, _)| *content), "{ends:?}");
}
