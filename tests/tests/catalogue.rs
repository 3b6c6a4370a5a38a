//! The catalogue of planted faults and the library are of one mind: what is planted is in the catalogue, what is in it is
//! planted, and the checks that it names exist.

use shmstate_tests::mutants::{Check, harmless, mutants};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files under a folder.
fn texts(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// The names in `planted("…")` and `order("…", …)`.
fn planted() -> BTreeSet<String> {
    let mut sources = Vec::new();
    texts(&root().join("shmstate/src"), &mut sources);
    let calls = ["planted(\"", "order(\""];
    let named = |text: &str| {
        let all = calls.iter().flat_map(|call| text.split(call).skip(1)).filter_map(|rest| rest.split('"').next());
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    sources.iter().flat_map(|text| named(text)).collect()
}

#[test]
fn what_is_planted_is_in_the_catalogue_and_what_is_in_it_is_planted() {
    let names: Vec<&str> = mutants().map(|mutant| mutant.name).chain(harmless().map(|fault| fault.name)).collect();
    let catalogue: BTreeSet<String> = names.iter().map(|name| name.to_string()).collect();
    assert_eq!(catalogue.len(), names.len(), "a name stands twice in the catalogue");
    let planted = planted();
    let unknown: Vec<_> = planted.difference(&catalogue).collect();
    let missing: Vec<_> = catalogue.difference(&planted).collect();
    assert!(unknown.is_empty() && missing.is_empty(), "not in the catalogue: {unknown:?}; not planted: {missing:?}");
    assert!(mutants().all(|mutant| !mutant.checks.is_empty()) && harmless().all(|fault| !fault.checks.is_empty()));
}

/// Each row of the orderings' table is weakened.
#[test]
fn every_ordering_is_in_the_catalogue() {
    let table = fs::read_to_string(root().join("shmstate/src/commit/mod.rs")).unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | ")?.split(" | ").next())
        .filter(|label| label.len() == 2)
        .collect();
    assert!(rows.len() >= 12, "{rows:?}");
    for label in rows {
        // W5 is about deaths: it is moved and left out, which is more than weakened.
        let name = if label == "W5" { "even_before_active" } else { label };
        assert!(mutants().any(|mutant| mutant.name == name), "{label} is not weakened");
    }
}

/// A check that is named wrongly would only be noticed when the faults are hunted for.
#[test]
fn every_check_exists() {
    let (mut library, mut wrong) = (Vec::new(), Vec::new());
    texts(&root().join("shmstate/src"), &mut library);
    let macros = library.iter().find(|text| text.contains("\ntests!(")).unwrap();
    let mixes = macros.split("\ntests!(").nth(1).unwrap().split(')').next().unwrap();
    let operations = fs::read_to_string(root().join("tests/src/bin/step/ops.rs")).unwrap();
    let all = mutants().map(|m| (m.name, m.checks)).chain(harmless().map(|h| (h.name, h.checks)));
    for (name, check) in all.flat_map(|(name, checks)| checks.iter().map(move |check| (name, *check))) {
        let exists = match check {
            Check::Loom(test, _) | Check::Shuttle(test) | Check::Unit(test) => {
                let last = test.rsplit("::").next().unwrap();
                let function = format!("fn {last}(");
                // Functions, those of properties with their arguments, and the rows of a macro that makes some.
                let row = format!("\n    {last}: ");
                library.iter().any(|text| text.contains(&function) || text.contains(&row))
                    || mixes.split(", ").any(|mix| mix == last)
            }
            Check::Process(file, test) => fs::read_to_string(root().join(format!("tests/tests/{file}.rs")))
                .is_ok_and(|text| text.contains(&format!("fn {test}()"))),
            Check::Step(operation) => {
                let camel: String = operation.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
                operations.contains(&format!("Op::{camel},"))
            }
        };
        if !exists {
            wrong.push(format!("{name}: {check:?}"));
        }
    }
    assert!(wrong.is_empty(), "no such check: {}", wrong.join(", "));
}
