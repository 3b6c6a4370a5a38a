//! The language of the project: words that are left out of its sources, chapters and messages.
//!
//! A process, a thread or a type is no person. What stands for it is named: "a process", "a handle", "a writer".

use std::fs;
use std::path::{Path, PathBuf};

/// Each word, and what to write instead.
const LEFT_OUT: [(&str, &str); 22] = [
    ("somebody", "the process, the handle, the user"),
    ("nobody", "no process, no handle"),
    ("anybody", "any process, any user"),
    ("everybody", "all processes"),
    ("whoever", "a process that"),
    ("whom", "which"),
    ("stranger", "a process that does not run this protocol; it may be anything"),
    ("in the place of", "instead of"),
    ("who ", "a process that, a user that"),
    ("told", "is an error, is reported, is distinguished"),
    ("sees to it", "checks, ensures"),
    ("behind the ", "after the"),
    ("behind a ", "after a"),
    ("behind all ", "after all"),
    ("behind its ", "after its"),
    (", for it ", "because it"),
    (", for they ", "because they"),
    (", for there ", "because there"),
    (", for the one ", "because the one"),
    (", for every read", "because every read"),
    ("mended", "repaired"),
    ("at home", "current"),
];

/// Names of files that say nothing of what is in them, and what such a file is named.
const LEFT_OUT_OF_NAMES: [(&str, &str); 14] = [
    ("able", "capabilities"),
    ("about", "environment"),
    ("actor", "child"),
    ("beside", "concurrent"),
    ("board", "the type in it"),
    ("life", "lifecycle"),
    ("looking", "read_only"),
    ("nursery", "kill_loop"),
    ("play", "workload"),
    ("solo", "single"),
    ("spoil", "bitflip"),
    ("stage", "shared"),
    ("tally", "counters"),
    ("world", "fixture"),
];

/// The sources, chapters and scripts of the project.
fn project() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for part in [
        "shmstate/src",
        "shmstate/docs",
        "shmstate/benches",
        "shmstate-derive",
        "shmstate-cli",
        "shmstate-durable",
        "shmstate-cluster",
        ".ci",
        "tests",
        "bench/src",
        "bench/tests",
        "examples",
        "fuzz",
        "findings",
        "README.md",
        "CONTRIBUTING.md",
    ] {
        texts(&root.join(part), &mut files);
    }
    assert!(files.len() > 150, "{} files", files.len());
    files
}

#[test]
fn no_file_has_such_a_name() {
    let files = project();
    let found: Vec<_> = LEFT_OUT_OF_NAMES
        .iter()
        .flat_map(|name| files.iter().map(move |file| (name, file)))
        .filter(|((name, _), file)| file.file_stem().is_some_and(|stem| stem == *name))
        .filter(|(_, file)| !file.components().any(|part| part.as_os_str() == "examples" || part.as_os_str() == "ui"))
        .map(|((_, instead), file)| format!("{}; instead: {instead}", file.display()))
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_project_has_none_of_them() {
    let mut found = Vec::new();
    for file in project() {
        // This file has to name them.
        if file.ends_with(file!().trim_start_matches("tests/")) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            for (word, instead) in LEFT_OUT.iter().filter(|(word, _)| has(line, word)) {
                found.push(format!("{}:{}: \"{word}\"; instead: {instead}", file.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether `line` has that word, or its plural or genitive.
fn has(line: &str, word: &str) -> bool {
    let line = line.to_lowercase();
    if word.starts_with(',') {
        return line.contains(word);
    }
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn texts(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| texts(&entry.unwrap().path(), files));
    } else if path.extension().is_some_and(|end| end == "rs" || end == "md") {
        files.push(path.to_owned());
    }
}

#[test]
fn words_are_found() {
    assert!(has("/// Nobody knows.", "nobody"));
    assert!(has("strangers", "stranger"));
    assert!(has("// Behind the last slot comes the first.", "behind the "));
    assert!(has("It waits, for it has to.", ", for it "));
    assert!(!has("the_whomever", "whom"));
}
