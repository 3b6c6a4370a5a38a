//! The protocol under loom and under shuttle, and the faults that these have to find: built from the code that ships, with
//! flags of their own, beside the other builds.
//!
//! `SHMSTATE_SCHEDULES` is how many schedules shuttle tries of each of its scenes (200 without).

use cargo_metadata::Message;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The folder of all builds.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// What a program printed that succeeded.
#[track_caller]
fn output(command: &mut Command) -> String {
    // A build of other flags is not this one's.
    command.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("SHMSTATE_MUTANT");
    let Output { status, stdout, stderr } = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{status}\n{printed}\n{}", String::from_utf8_lossy(&stderr));
    printed
}

/// The library's tests, built for an explorer.
fn build(by: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--profile", "explorer", "--locked", "--no-run", "--message-format=json"]);
    cargo.args(["-p", "shmstate", "--lib"]);
    cargo.arg("--target-dir").arg(target().join(by)).env("RUSTFLAGS", format!("--cfg shmstate_{by}"));
    let messages = output(&mut cargo);
    let programs = Message::parse_stream(messages.as_bytes()).filter_map(|message| match message.unwrap() {
        Message::CompilerArtifact(artifact) => artifact.executable,
        _ => None,
    });
    programs.last().expect("cargo names the program").into()
}

/// Runs each scene of an explorer, and says how many there are. Each has a process of its own: what it prints is its own, and
/// threads of one process would wait for each other in the kernel.
fn explore(by: &str) -> usize {
    let program = build(by);
    let list = output(Command::new(&program).args(["commit::model", "--list", "--format", "terse"]));
    let scenes: Vec<&str> = list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(scene) = scenes.get(next.fetch_add(1, Relaxed)) {
                    let mut run = Command::new(&program);
                    run.args(["--exact", scene, "--nocapture"]);
                    if std::env::var_os("SHMSTATE_SCHEDULES").is_none() {
                        run.env("SHMSTATE_SCHEDULES", "200");
                    }
                    let printed = output(&mut run);
                    assert!(printed.contains("test result: ok. 1 passed"), "{printed}");
                    println!("{printed}");
                }
            });
        }
    });
    scenes.len()
}

#[test]
fn every_interleaving_of_a_few_threads() {
    let scenes = explore("loom");
    assert!(scenes > 30, "{scenes} scenes");
}

#[test]
fn random_schedules_of_many_lives() {
    let scenes = explore("shuttle");
    assert!(scenes >= 5, "{scenes} scenes");
}

#[test]
fn planted_faults_are_found() {
    let mut mutants = Command::new(env!("CARGO_BIN_EXE_mutants"));
    let said = output(mutants.args(["--by", "loom,shuttle", "--faults-only"]).env("CARGO_TARGET_DIR", target()));
    let last = said.lines().last().unwrap_or_default();
    let caught = last.split(' ').next().and_then(|n| n.parse::<u32>().ok());
    assert!(caught.is_some_and(|caught| caught >= 40), "{last}");
}
