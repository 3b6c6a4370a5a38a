//! The public interface, item by item, as `golden/public_api.txt` lists it: a change of it is a decision.
//!
//! `SHMSTATE_BLESS=1 cargo test -p shmstate-tests --test public_api` writes the list anew; read the difference before you
//! commit it. The list is made of what rustdoc says as JSON. That has another form in each release of Rust: with another one
//! than [`RUST`] the test says so and skips.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release whose JSON the crate `public-api` reads, in the version that `Cargo.toml` names.
const RUST: &str = "rustc 1.95.";

const GOLDEN: &str = "golden/public_api.txt";

/// What a command of cargo's or rustc's prints.
#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Documents the library as JSON, with all features, in the folder of what is built as docs.rs does: the switch that makes a
/// stable compiler do it would have everything else be compiled anew.
fn document() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("docs.rs");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustdoc", "-p", "shmstate", "--lib", "--all-features", "--locked", "--target-dir"]).arg(&target);
    cargo.args(["--", "-Zunstable-options", "--output-format=json", "--cap-lints=allow"]);
    cargo.env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    output(&mut cargo);
    target.join("doc/shmstate.json")
}

/// The lines of `some` that are not in `others`.
fn beyond<'a>(some: &'a str, others: &str, mark: char) -> impl Iterator<Item = String> + use<'a> {
    let others: BTreeSet<&str> = others.lines().collect();
    let lines: Vec<&str> = some.lines().filter(|line| !others.contains(line)).collect();
    lines.into_iter().map(move |line| format!("{mark} {line}\n"))
}

#[test]
fn the_public_interface_is_the_listed_one() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = output(Command::new(rustc).arg("--version"));
    if !version.starts_with(RUST) {
        println!("skipped: the list is made with {RUST}*, and this is {version}");
        return;
    }
    let api = public_api::Builder::from_rustdoc_json(document())
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .unwrap();
    let now = api.to_string();
    if std::env::var_os("SHMSTATE_BLESS").is_some() {
        std::fs::write(GOLDEN, &now).unwrap();
        return;
    }
    let listed = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    // Not their order, which is that of the code.
    let changes: String = beyond(&listed, &now, '-').chain(beyond(&now, &listed, '+')).collect();
    assert!(
        changes.is_empty(),
        "the public interface is not the one in `tests/{GOLDEN}`:\n{changes}if that is meant, run \
         `SHMSTATE_BLESS=1 cargo test -p shmstate-tests --test public_api`, and say it in CHANGELOG.md"
    );
}
