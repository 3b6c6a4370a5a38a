//! The library in a program of a user: what it brings along, and flags of the user's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Programs that are built for these tests lie here, each with what cargo builds for it.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("users").join(name)
}

/// Writes a program that depends on this library alone, with the versions that the workspace has locked.
fn program(name: &str, main: &str) -> PathBuf {
    let folder = folder(name);
    fs::create_dir_all(folder.join("src")).unwrap();
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../shmstate");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\nshmstate = {{ path = {library:?} }}\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/main.rs"), main).unwrap();
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    folder
}

/// Runs cargo in `folder`, without the network and without what the tests themselves were built with.
fn cargo(folder: &Path, args: &[&str], flags: &str) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(args).arg("--offline").current_dir(folder);
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", folder.join("target"));
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn no_package_comes_along_that_only_our_own_tests_need() {
    let folder = program("locked", "fn main() {}");
    cargo(&folder, &["update", "--workspace"], "");
    let lock = fs::read_to_string(folder.join("Cargo.lock")).unwrap();
    let names: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = ")?.trim_matches('"').into()).collect();
    for ours in ["loom", "shuttle", "proptest", "tempfile", "tracing", "serde", "serde_json"] {
        assert!(!names.contains(&ours), "a program that uses shmstate locks {ours} as well");
    }
    // Itself among them.
    assert!(names.len() <= 54, "{} packages: {names:?}", names.len());
}

/// What a program compiles and links without a feature, the library itself among it.
#[test]
fn few_crates_come_along() {
    let folder = program("crates", "fn main() {}");
    let tree = cargo(&folder, &["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--no-dedupe"], "");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates: std::collections::BTreeSet<&str> = tree.lines().skip(1).filter(|line| !line.is_empty()).collect();
    assert!(crates.len() <= 24, "{} crates: {crates:#?}", crates.len());
}

#[test]
fn a_program_that_is_built_with_cfg_loom_still_has_states() {
    let main = r#"
        fn main() -> Result<(), shmstate::Error> {
            let state = shmstate::State::<u64>::anonymous()?;
            state.update(|n| *n += 41)?;
            println!("{}", state.read(|n| n + 1)?);
            Ok(())
        }
    "#;
    let folder = program("loom", main);
    let output = cargo(&folder, &["run"], "--cfg loom --cfg shuttle");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "42\n");
}

/// `--cfg shmstate_elsewhere` plays a platform that has no states.
#[test]
fn a_program_for_several_platforms_runs_where_there_are_no_states() {
    let main = r#"
        use shmstate::{Error, ErrorKind, List, Map, SharedLayout, State, Text};

        #[derive(SharedLayout)]
        #[repr(C)]
        struct Board {
            #[shared(init = 3)]
            ticks: u64,
            owner: Text<32>,
            samples: List<f64, 1024>,
            scores: Map<u64, u64, 100>,
        }

        fn tick(board: &mut Board) {
            board.ticks += 1;
            board.owner.push_str("me").unwrap();
            board.samples.push(0.5).unwrap();
            board.scores.insert(7, 8).unwrap();
        }

        fn share(name: &str) -> Result<u64, Error> {
            let board = State::<Board>::options().copies(4).init(tick).open_or_create(name)?;
            board.update(tick)?;
            let ticks = board.project(|s| &s.ticks)?;
            board.load(&ticks)
        }

        fn main() {
            let mut board = Board::new_box_zeroed();
            tick(&mut board);
            let (owner, samples, scores) = (&board.owner[..], &board.samples[..], board.scores.get(&7));
            println!("{} {owner} {samples:?} {scores:?}", board.ticks);
            let unsupported = [
                share("board").unwrap_err(),
                State::<Board>::open("board").unwrap_err(),
                State::<Board>::open_read_only("board").unwrap_err(),
                State::<Board>::anonymous().unwrap_err(),
                State::<Board>::from_fd(std::io::stdin()).unwrap_err(),
                shmstate::remove("board").unwrap_err(),
            ];
            assert!(unsupported.iter().all(|e| e.kind() == ErrorKind::Unsupported));
            println!("{}", unsupported[0]);
        }
    "#;
    let folder = program("elsewhere", main);
    let said = cargo(&folder, &["run"], "--cfg shmstate_elsewhere").stdout;
    let said = String::from_utf8_lossy(&said);
    let (heap, error) = said.split_once('\n').unwrap();
    assert_eq!(heap, "1 me [0.5] Some(8)");
    assert!(error.starts_with("`board`: there are no shared states on this platform (linux on "), "{error}");
}
