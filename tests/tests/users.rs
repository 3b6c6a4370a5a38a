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
