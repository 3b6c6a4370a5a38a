//! The catalogue of planted faults fits the library: each anchor occurs once, each row of the table of orderings is weakened,
//! and the checks that the catalogue names exist. The library itself knows of no fault.

use shmstate_tests::mutants::{
    Change, Check, Patch, SOURCES, all_patches, catalogued, harmless, mutants, patches, weave,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files under a folder, by their path below `base`.
fn texts(base: &Path, dir: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(base, &path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The sources that may have faults, by their names in the catalogue.
fn library() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for sources in SOURCES {
        texts(&root(), &root().join(sources), &mut found);
    }
    found.into_iter().filter_map(|(file, text)| Some((catalogued(&file)?.to_owned(), text))).collect()
}

#[test]
fn every_anchor_occurs_once() {
    let library = library();
    let mut wrong: Vec<String> = all_patches()
        .filter(|(_, patch)| !library.contains_key(patch.file))
        .map(|(fault, patch)| format!("`{fault}` changes {}, which does not exist", patch.file))
        .collect();
    for (file, text) in &library {
        wrong.extend(weave(text, patches(file)).err().map(|why| format!("{file}: {why}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_is_complete_and_has_a_name_of_its_own() {
    let names = mutants().map(|mutant| mutant.name).chain(harmless().map(|fault| fault.name));
    let mut known = BTreeSet::new();
    let twice: Vec<&str> = names.filter(|name| !known.insert(*name)).collect();
    assert!(twice.is_empty(), "in the catalogue twice: {twice:?}");
    let all = mutants().map(|m| (m.name, m.patches, m.checks)).chain(harmless().map(|h| (h.name, h.patches, h.checks)));
    let empty: Vec<&str> =
        all.filter(|(_, patches, checks)| patches.is_empty() || checks.is_empty()).map(|(name, ..)| name).collect();
    assert!(empty.is_empty(), "without a patch or without a check: {empty:?}");
}

#[test]
fn the_library_knows_of_no_fault() {
    let calls =
        library().into_iter().filter(|(_, text)| text.contains("planted(") || text.contains("shmstate_mutants"));
    let files: Vec<String> = calls.map(|(file, _)| file).collect();
    assert!(files.is_empty(), "faults belong into tests/src/mutants, and not into {files:?}");
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
        let name = match label {
            // About deaths: it is moved and left out, which is more than weakened.
            "W5" => "even_before_active",
            // It keeps a load from seeing a store that comes after it, which loom never shows: the load is moved.
            "F2" => "bell_looked_at_late",
            _ => label,
        };
        assert!(mutants().any(|mutant| mutant.name == name), "{label} is not weakened");
    }
}

/// A check that is named wrongly would only be noticed when the faults are hunted for.
#[test]
fn every_check_exists() {
    let (library, mut programs, mut wrong) = (library(), BTreeMap::new(), Vec::new());
    texts(&root(), &root().join("tests/tests"), &mut programs);
    let macros = library.values().find(|text| text.contains("\ntests!(")).unwrap();
    let mixes = macros.split("\ntests!(").nth(1).unwrap().split(')').next().unwrap();
    let operations = fs::read_to_string(root().join("tests/src/bin/step/ops.rs")).unwrap();
    let manifest = fs::read_to_string(root().join("tests/Cargo.toml")).unwrap();
    let all = mutants().map(|m| (m.name, m.checks)).chain(harmless().map(|h| (h.name, h.checks)));
    for (name, check) in all.flat_map(|(name, checks)| checks.iter().map(move |check| (name, *check))) {
        let exists = match check {
            Check::Loom(test, _) | Check::Shuttle(test) | Check::Unit(test) => {
                let last = test.rsplit("::").next().unwrap();
                let function = format!("fn {last}(");
                // Functions, those of properties with their arguments, and the rows of a macro that makes some.
                let row = format!("\n    {last}: ");
                library.values().any(|text| text.contains(&function) || text.contains(&row))
                    || mixes.split(", ").any(|mix| mix == last)
            }
            Check::Process(file, test) => {
                let line = manifest.lines().find(|line| line.contains(&format!("name = \"{file}\",")));
                let path = line.and_then(|line| line.split("path = \"").nth(1)?.split('"').next());
                let has = |path: &str| {
                    let there = |(name, text): (&String, &String)| {
                        name.ends_with(path) && text.contains(&format!("fn {test}()"))
                    };
                    programs.iter().any(there)
                };
                path.is_some_and(has)
            }
            Check::Beside(package, target, test) if target == package.replace('-', "_") => {
                let function = format!("fn {}(", test.rsplit("::").next().unwrap());
                library.values().any(|text| text.contains(&function))
            }
            Check::Beside(package, target, test) => {
                let program = root().join(package).join("tests").join(target).with_extension("rs");
                fs::read_to_string(program).is_ok_and(|text| text.contains(&format!("fn {test}()")))
            }
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

fn woven(text: &str, patches: &[(&'static str, &'static str, Change)]) -> Result<String, String> {
    weave(text, patches.iter().map(|&(name, anchor, change)| (name, Patch { file: "", anchor, change })))
}

#[test]
fn a_fault_stands_beside_what_it_replaces() {
    let text = "fn f() { a.store(1, Release); // [X]\n    g(x) }";
    for (anchor, change, right) in [
        ("a.store(1, «Release»)", Change::Value("Relaxed"), "a.store(1, (if P { Relaxed } else { Release })); // [X]"),
        ("a.store(1, Release);", Change::Instead(""), "if P {  } else { a.store(1, Release); } // [X]"),
        ("a.store(1, Release);", Change::After("h();"), "a.store(1, Release); if P { h(); } // [X]"),
    ] {
        let right = right.replace('P', "crate::mutant::planted(\"n\")");
        assert_eq!(woven(text, &[("n", anchor, change)]).unwrap(), format!("fn f() {{ {right}\n    g(x) }}"));
    }
    let before = woven(text, &[("n", "g(x)", Change::Before("h();")), ("n", "fn f()", Change::Item("fn h() {}"))]);
    let right = "fn h() {} fn f() { a.store(1, Release); // [X]\n    if crate::mutant::planted(\"n\") { h(); } g(x) }";
    assert_eq!(before.unwrap(), right);
}

#[test]
fn an_anchor_survives_line_breaks_and_comments() {
    let text = "f(\n    a, // the first\n    'b', /* \" */\n    \"c // d\",\n    r#\"\"\"#,\n)";
    let anchor = "f(a, 'b', \"c // d\", r#\"\"\"#)";
    let right = format!("(if crate::mutant::planted(\"n\") {{ 0 }} else {{ {text} }})");
    assert_eq!(woven(text, &[("n", anchor, Change::Value("0"))]).unwrap(), right);
    // Neither a comment nor a part of a word nor a literal is the code that is meant.
    let text = "// f(a)\nff(a) + \"f(a)\" + f(a)::<'a>";
    assert!(woven(text, &[("n", "f(a)", Change::Value("0"))]).unwrap().ends_with("else { f(a) })::<'a>"));
}

#[test]
fn an_anchor_that_does_not_occur_exactly_once_is_refused() {
    let twice = woven("f(a); f(a);", &[("n", "f(a)", Change::Value("0"))]);
    assert_eq!(twice.unwrap_err(), "the anchor of `n` occurs 2 times: `f(a)`");
    let never = woven("f(b)", &[("n", "f(a)", Change::Value("0")), ("m", "", Change::Value("0"))]);
    assert_eq!(never.unwrap_err(), "the anchor of `n` occurs 0 times: `f(a)`\nthe anchor of `m` is empty: ``");
}

#[test]
fn faults_may_enclose_each_other_and_may_not_overlap_in_part() {
    let planted = |name| format!("crate::mutant::planted(\"{name}\")");
    let nested =
        [("a", "y", Change::Value("0")), ("b", "x + y", Change::Value("1")), ("c", "x + y", Change::Value("2"))];
    let inner = format!("x + (if {} {{ 0 }} else {{ y }})", planted("a"));
    let middle = format!("(if {} {{ 2 }} else {{ {inner} }})", planted("c"));
    let right = format!("(if {} {{ 1 }} else {{ {middle} }})", planted("b"));
    assert_eq!(woven("x + y", &nested).unwrap(), right);
    let beside = [("a", "x", Change::Value("0")), ("b", "y", Change::Value("1")), ("c", "z", Change::Value("2"))];
    assert_eq!(woven("x + y + z", &beside).unwrap().matches("else").count(), 3);
    let overlap = [("a", "x + y", Change::Value("0")), ("b", "y + z", Change::Value("1"))];
    assert_eq!(woven("x + y + z", &overlap).unwrap_err(), "`a` and `b` overlap in part");
}
