//! What must not compile, and what must: one rule a file, and the message of each error word for word.
//!
//! `TRYBUILD=overwrite cargo test -p shmstate-tests-ui` writes the messages anew; read them before you commit them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The programs, or the messages: the files with an ending, in the order of their paths.
fn files(ending: &str) -> Vec<PathBuf> {
    fn below(folder: PathBuf, found: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { below(path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    for folder in ["fail", "late", "pass"] {
        below(folder.into(), &mut found);
    }
    found.retain(|path| path.extension().is_some_and(|of| of == ending));
    found.sort();
    found
}

#[test]
fn cargo_check_refuses_it() {
    // Without a program that must compile, all of them are checked at once.
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}

#[test]
fn cargo_build_refuses_it_or_it_runs() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("late/*/*.rs");
}

/// The table in the README is what the files say of themselves.
#[test]
fn every_rule_is_listed() {
    let readme = fs::read_to_string("README.md").unwrap();
    let listed: BTreeMap<_, _> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix("` |")?.split_once(" | `"))
        .map(|(rule, file)| (file.to_owned(), rule.to_owned()))
        .collect();
    let mut found = BTreeMap::new();
    for path in files("rs") {
        let text = fs::read_to_string(&path).unwrap();
        let rule = text.lines().next().and_then(|line| line.strip_prefix("// Rule: ")).unwrap_or_default();
        let name = path.to_str().unwrap().to_owned();
        found.insert(name, rule.trim_end_matches('.').to_owned());
    }
    assert_eq!(listed, found);
}

/// What the chapter on compile errors quotes is what the compiler says.
#[test]
fn the_chapter_quotes_the_compiler() {
    let said: String = files("stderr").iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let chapter = fs::read_to_string("../../shmstate/docs/compile-errors.md").unwrap();
    let quotes: Vec<_> = chapter.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    assert!(quotes.len() > 20);
    let invented: Vec<_> = quotes.into_iter().filter(|quote| !said.contains(quote)).collect();
    assert_eq!(invented, [""; 0]);
}

/// What the compiler says of the rules has its place in the chapter: each kind of message, whatever the names and numbers in it.
#[test]
fn the_chapter_has_every_kind_of_message() {
    /// Words of rustc's own, which need no explanation of this library's.
    const OF_RUSTC: [&str; 22] = [
        "associated function",
        "cannot find type",
        "enum value has invalid tag",
        "expected `,`",
        "expected `:`",
        "expected one of",
        "expected type",
        "field `",
        "method `walk` has an incompatible type",
        "no method named",
        "non-exhaustive patterns",
        "pattern requires",
        "the constant `__STEP`",
        "the name `",
        "this method takes",
        "type `bool` cannot be dereferenced",
        "union patterns",
        "mismatched types",
        "cannot find function",
        "unexpected end of input",
        "recursive type",
        "the function or associated item",
    ];
    let chapter = fs::read_to_string("../../shmstate/docs/compile-errors.md").unwrap();
    let quotes: Vec<String> = chapter.lines().filter_map(|line| line.strip_prefix("> ")).map(kind).collect();
    let mut missing = BTreeMap::new();
    for path in files("stderr") {
        let text = fs::read_to_string(&path).unwrap();
        let messages =
            text.lines().filter_map(|line| line.strip_prefix("error")?.split_once(": ")).map(|(_, said)| said);
        for said in messages.map(|said| said.trim_start_matches("evaluation panicked: ")) {
            let kind = kind(said);
            let known = quotes.iter().any(|quote| kind.ends_with(quote.as_str()));
            if !known && !OF_RUSTC.iter().any(|words| said.starts_with(words)) {
                missing.insert(kind, (said.to_owned(), path.clone()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// A message without what differs from program to program: code in backticks, and numbers.
fn kind(message: &str) -> String {
    let without_code: String = message.split('`').step_by(2).collect::<Vec<_>>().join("`");
    without_code.split(|c: char| c.is_ascii_digit()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("0")
}
