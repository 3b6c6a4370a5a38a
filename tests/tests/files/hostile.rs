//! Files and processes that mean harm: errors and nonsense, but no crash, no panic, no hang.
//!
//! `SHMSTATE_HOSTILE` is how many seconds each of these runs (2 without), `SHMSTATE_SEED` where the random inputs begin.

use shmstate::State;
use shmstate_tests::hostile::{
    Field, Kind, Mixed, Others, Plain, Schema, TARGETS, Type, agrees_with_the_library, operate, operate_on_others,
};
use shmstate_tests::{Child, Rng, child, scratch_dir};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

#[test]
fn a_scribbler_in_containers_that_are_made_of_others() {
    let dir = scratch_dir();
    let path = dir.path().join("others");
    let state = State::<Others>::create(&path).unwrap();
    (0..30).for_each(|seed| state.update(|s| operate_on_others(s, &mut Rng::new(seed))).unwrap());
    let scribbler = child!["scribble", "others", &path, "0"];
    scribbler.expect("in");
    let victims = [0, 1].map(|seed| child!["victim", "others", &path, seed.to_string(), seconds()]);
    let ends = victims.map(wait);
    println!("{ends:?}");
    assert!(ends.iter().all(|(content, _)| *content), "{ends:?}");
}
