//! The library's advice, which names calls of the library, as advice for people at a terminal.

/// Pieces of the library's messages that name its calls, and what the command says instead. A test goes over all messages.
const PIECES: &[(&str, &str)] = &[
    (": create it first, or use `open_or_create`", ": `shmstate ls` lists those that are there"),
    (
        "exists already: use `open` or `open_or_create`, or remove it first",
        "exists already: take another name, or remove it: `shmstate rm NAME`",
    ),
    ("`open_or_replace` puts a new region in its place, and `remove` removes it", "`shmstate rm NAME` removes it"),
    (
        "if its content is not needed, `remove` removes it",
        "if its content is not needed, `shmstate rm NAME` removes it",
    ),
    (
        ", if its content is not needed, put a new region in its place with `open_or_replace`",
        ", if its content is not needed, remove it with `shmstate rm NAME`",
    ),
    ("wait for it or raise `timeout`", "wait for it, and try again"),
    (
        "keep `read` closures short, raise `timeout`, or create the region with more `copies` or `max_copies`",
        "wait for it, or give the region more copies: `shmstate resize NAME --copies N`",
    ),
    (
        "drop some, or create the region with more `handles`",
        "end one of them, and give the region more: `shmstate resize NAME --handles N`",
    ),
    ("make room, or take fewer `copies`", "make room, or give it fewer copies: `shmstate resize NAME --copies N`"),
    ("make room, or give it fewer `copies` or smaller capacities", "make room"),
    ("; if there will be room in time, create it with `ignore_memory_limits(true)`", ""),
    (
        "open the name again, as `reopen` does; this handle reads and updates nothing any more",
        "look at the name that the other one has",
    ),
    (
        "open it for writing, where a read keeps its version, or give it more `copies`",
        "try again, or give it more copies: `shmstate resize NAME --copies N`",
    ),
    (" (`remove` it, or give the new one another name)", ""),
    ("; `open_read_only` can look at it", ""),
    (
        "open it with `.mode(0o660)`, for a region of one of this process's groups, or `.mode(0o666)`, for those of all users, if it is meant to be shared between users",
        "if it is meant to be shared between users, add `--mode 660` for a region of one of this process's groups, or `--mode 666` for one of all users",
    ),
    (
        "create it with `.mode(0o666)`, or `.mode(0o660)` for a common group, and open it with the same",
        "the program that makes it has to give it the mode 666, or 660 for a common group; here that is `--mode`",
    ),
    ("open it for writing once (`open`), which fills them", "let its program open it once, which fills them"),
    (
        "if it is not needed, say so: `Migrate::AllowLoss(&[",
        "if it is not needed, say so by `--allow-loss PATH` for each of [",
    ),
    ("change it, or keep the bytes of a `Snapshot` instead", "change it"),
    (
        "])`; to make something else of it, write a `Migrate::with`",
        "]; to make something else of it, let a program of the new release do it",
    ),
    ("this handle only looks: open it with `DynState::options().writable(true)`", "it was opened to be looked at"),
    ("or open it with `.mode(", "or trust it by `--mode ("),
    ("`copies(", "`--copies ("),
    ("`max_copies(", "`--max-copies ("),
    ("`handles(", "`--handles ("),
    ("`mode(", "`--mode ("),
    (", and at least `copies`", ", and at least as many as there are"),
];

/// Options that the library writes as calls.
const OPTIONS: [&str; 4] = ["--copies", "--max-copies", "--handles", "--mode"];

/// A message of the library, with what can be done here.
pub fn of_command(message: &str) -> String {
    let text = PIECES.iter().fold(message.to_owned(), |text, (library, command)| text.replace(library, command));
    OPTIONS.iter().fold(text, |text, option| without_parentheses(&text, option))
}

/// Writes `--option (value)` as `--option value`.
fn without_parentheses(text: &str, option: &str) -> String {
    let call = format!("`{option} (");
    let (mut written, mut rest) = (String::new(), text);
    while let Some((before, inside)) = rest.split_once(&call) {
        let Some((value, after)) = inside.split_once(')') else { break };
        written.push_str(&format!("{before}`{option} {value}"));
        rest = after;
    }
    written + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// Folders and files whose texts no command can come to: they are of types, their derive and their closures.
    const OF_PROGRAMS: [&str; 10] = [
        "containers",
        "error/remedy.rs",
        "layout/contract.rs",
        "layout/derived.rs",
        "layout/prove.rs",
        "state",
        "elsewhere.rs",
        "lib.rs",
        "golden.rs",
        "plain",
    ];

    /// Parts of further ones: of closures, of types that the program has, of options, of what has no name.
    const OF_TYPES: [&str; 7] = [
        "`update` or migration",
        "by this thread, whose `init`",
        "a projection has to lead",
        "returns a reference into the state that it is given",
        "are not where this program's",
        "options do nothing until",
        "as `State::share` gives it",
    ];

    /// Verbs of the command that are called as the library's are.
    const VERBS: [&str; 4] = ["push", "insert", "set", "clear"];

    fn sources(dir: &Path, all: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push(path);
            }
        }
    }

    /// The texts of a source file, without comments and tests.
    fn texts(source: &str) -> Vec<String> {
        let end = source.find("#[cfg(all(test").or_else(|| source.find("#[cfg(test)]\nmod")).unwrap_or(source.len());
        let lines = source[..end].lines().filter(|line| !line.trim_start().starts_with("//"));
        let code: String = lines.flat_map(|line| [line, "\n"]).collect();
        let (mut texts, mut rest) = (Vec::new(), code.as_str());
        while let Some(start) = rest.find('"') {
            rest = &rest[start + 1..];
            let (mut text, mut chars) = (String::new(), rest.char_indices());
            let end = loop {
                match chars.next() {
                    Some((at, '"')) => break at + 1,
                    Some((_, '\\')) => match chars.next() {
                        // A line goes on after its indentation.
                        Some((at, '\n')) => {
                            let skipped = rest[at..].len() - rest[at..].trim_start().len();
                            chars.nth((rest[at..at + skipped].chars().count() - 1).max(1) - 1);
                        }
                        Some((_, other)) => text.push(other),
                        None => break rest.len(),
                    },
                    Some((_, other)) => text.push(other),
                    None => break rest.len(),
                }
            };
            texts.push(text);
            rest = &rest[end..];
        }
        texts
    }

    /// What stands between backquotes and is called, or could be.
    fn calls<'t>(text: &'t str, functions: &BTreeSet<String>) -> Vec<&'t str> {
        let quoted = text.split('`').skip(1).step_by(2);
        let is_call = |word: &&str| {
            let name = word.split('(').next().unwrap_or_default();
            let name = name.rsplit(['.', ':']).next().unwrap_or_default();
            functions.contains(name) && !VERBS.contains(&name) || word.contains("::")
        };
        quoted.filter(is_call).collect()
    }

    #[test]
    fn no_message_names_a_call_of_the_library() {
        let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shmstate/src");
        let mut files = Vec::new();
        sources(&library, &mut files);
        let sources: Vec<(PathBuf, String)> = files
            .into_iter()
            .map(|path| (path.strip_prefix(&library).unwrap().to_owned(), fs::read_to_string(path.clone()).unwrap()))
            .collect();
        let mut functions = BTreeSet::new();
        for (_, source) in &sources {
            let names = source.split("pub fn ").skip(1);
            functions.extend(
                names.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned()),
            );
        }
        functions.remove("");
        assert!(functions.len() > 150, "{}", functions.len());
        let (mut checked, mut wrong, mut everything) = (0, Vec::new(), String::new());
        for (path, source) in &sources {
            if OF_PROGRAMS.iter().any(|of| path.starts_with(of)) || path.to_string_lossy().contains("tests") {
                continue;
            }
            let of_commands = |text: &&String| text.contains(' ') && !OF_TYPES.iter().any(|of| text.contains(of));
            for text in texts(source).iter().filter(of_commands) {
                checked += 1;
                everything.push_str(text);
                for call in calls(&of_command(text), &functions) {
                    wrong.push(format!("{}: `{call}` in: {text}", path.display()));
                }
            }
        }
        assert!(checked > 200, "{checked}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // The other way round: each piece is still one of a message.
        let stale: Vec<_> = PIECES.iter().filter(|(piece, _)| !everything.contains(piece)).collect();
        assert!(stale.is_empty(), "{stale:#?}");
    }
}
