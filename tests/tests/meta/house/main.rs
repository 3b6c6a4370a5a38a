//! The walls of the house: which part of the library may use which, and where system calls, atomics and unsafe code live.

mod circles;
mod walk;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The parts, ground floor first. Each imports only from those before it.
const FLOORS: [&str; 15] = [
    "sync",
    "events",
    "track",
    "layout",
    "plain",
    "containers",
    "error",
    "elsewhere",
    "commit",
    "os",
    "region",
    "dynamic",
    "state",
    "follow",
    "golden",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shmstate/src")
}

/// Adds all files of a folder.
fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// All files of a folder, with the part that each belongs to. The doors (`lib.rs`) and tests are left out.
fn files() -> Vec<(String, PathBuf, String)> {
    let (source, mut found) = (source(), Vec::new());
    walk(&source, &mut found);
    let parts = found.into_iter().filter_map(|path| {
        let inside = path.strip_prefix(&source).unwrap().to_owned();
        let part = inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let name = inside.to_str().unwrap();
        let test = name.contains("tests/")
            || name.contains("model")
            || name.contains("relocation")
            || name.ends_with("format.rs");
        let text = fs::read_to_string(&path).unwrap();
        // What a file tests about itself does not count.
        let text =
            text.split("#[cfg(all(test").next().unwrap().split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
        (part != "lib" && !test).then_some((part, inside, text))
    });
    parts.collect()
}

/// The lines of code: no comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn files_import_only_from_the_floors_below() {
    let floor = |part: &str| FLOORS.iter().position(|f| *f == part);
    let mut wrong = Vec::new();
    for (part, path, text) in files() {
        let mine = floor(&part).unwrap_or_else(|| panic!("{part} has no place in the house"));
        for line in code(&text) {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                // Names of the interface in examples and errors are not imports.
                if floor(&used).is_some_and(|theirs| theirs > mine) {
                    wrong.push(format!("{}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports from above:\n{}", wrong.join("\n"));
}

/// The folders of these, by their files.
fn folders() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut folders = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (part, path, _) in files() {
        // The whole of it, which can be parsed.
        let text = fs::read_to_string(source().join(&path)).unwrap();
        folders.entry(part).or_default().insert(path.display().to_string(), text);
    }
    folders
}

#[test]
fn the_files_of_a_type_are_a_ladder() {
    let found: Vec<String> = folders().values().flat_map(circles::circles).collect();
    assert!(
        found.is_empty(),
        "methods of one type lie in several files that call each other in a circle; move some of them, or make them functions \
         of a file below:\n{found:#?}"
    );
}

#[test]
fn system_calls_atomics_and_mappings_have_one_door() {
    let doors = [
        ("libc::", "os"),
        ("rustix::", "os"),
        ("memmap2::", "os"),
        ("std::sync::atomic", "sync"),
        ("loom::", "sync"),
        ("std::env", "os"),
    ];
    let mut wrong = Vec::new();
    for (part, path, text) in files() {
        for (what, door) in doors {
            // A test's wishes are no matter of the system's.
            let wishes = (part.as_str(), what) == ("golden", "std::env");
            if part != door
                && !wishes
                && code(&text).any(|line| line.contains(what) && !line.contains("std::env::consts"))
            {
                wrong.push(format!("{} uses {what}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every descriptor comes through one door, which keeps it above the standard ones.
#[test]
fn descriptors_have_one_door() {
    let opening = [
        "fs::open(",
        "fs::openat(",
        "libc::open",
        "memfd_create(",
        "fcntl_dupfd",
        "libc::dup",
        "try_clone_to_owned",
        "fs::File",
        " File::open",
        " File::create",
        "OpenOptions",
        "std::fs::",
        "pidfd_open",
        "pipe(",
        "eventfd(",
        "libc::socket",
    ];
    let (door, outside) = (Path::new("os/descriptors.rs"), Path::new("golden.rs"));
    let mut wrong = Vec::new();
    for (_, path, text) in files().into_iter().filter(|(_, path, _)| path != door && path != outside) {
        for line in code(&text) {
            let found = opening.iter().find(|what| line.contains(**what));
            wrong.extend(found.map(|what| format!("{} opens by {what}: {}", path.display(), line.trim())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A thread of std's begins and ends under a lock of std's. A fork may find it taken, by whatever thread of the program, and a child would
/// wait for it for ever.
#[test]
fn threads_have_one_door() {
    let starting = ["thread::spawn", "thread::scope", "thread::Builder", "pthread_create"];
    let door = Path::new("os/threads.rs");
    for (_, path, text) in files().into_iter().filter(|(_, path, _)| path != door) {
        for line in code(&text) {
            let found = starting.iter().find(|what| line.contains(**what));
            assert_eq!(found, None, "{} starts a thread: {}", path.display(), line.trim());
        }
    }
}

/// A clock that is set does not shorten or lengthen a wait: what is waited for is measured by the one that only goes
/// on, at one place. The time of day is written into the header, for people; programs may ask for it as a `Timestamp`.
#[test]
fn clocks_have_one_door_each() {
    let doors = [("Instant", "os/clock.rs"), ("SystemTime", "os/identity.rs"), ("CLOCK_", "nowhere")];
    let mut seen = Vec::new();
    for (_, path, text) in files().into_iter().filter(|(_, path, _)| !path.starts_with("plain/time")) {
        for (clock, door) in doors {
            // In a message to people it is no clock.
            let used = code(&text).any(|line| line.contains(clock) && !line.contains("note = "));
            assert!(!used || path.ends_with(door), "{} uses {clock}", path.display());
            seen.extend(used.then_some(clock));
        }
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    let identity = fs::read_to_string(source().join("os/identity.rs")).unwrap();
    assert_eq!(code(&identity).filter(|line| line.contains("SystemTime::now")).count(), 1);
    let users = files().into_iter().filter(|(.., text)| code(text).any(|line| line.contains("now_ns()")));
    let users: Vec<_> = users.map(|(_, path, _)| path).collect();
    assert!(files().into_iter().all(|(.., text)| code(&text).all(|line| !line.contains("Timestamp::now"))));
    let known = ["os/identity.rs", "region/header.rs", "region/attached.rs"].map(Path::new);
    assert!(users.len() == 3 && users.iter().all(|path| known.contains(&path.as_path())), "{users:?}");
}

/// A thread of a library may get signals all the time, as from a profiler, and `std::thread::sleep` need not end then.
#[test]
fn pauses_have_one_door() {
    let door = source().join("os/clock.rs");
    let mut paths: Vec<_> = files().into_iter().map(|(_, path, _)| source().join(path)).collect();
    for package in ["shmstate-cluster", "shmstate-durable"] {
        walk(&source().join("../..").join(package).join("src"), &mut paths);
    }
    let pausing = paths.into_iter().filter(|path| {
        let text = fs::read_to_string(path).unwrap();
        let itself = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        !path.to_str().unwrap().contains("src/tests/") && code(itself).any(|line| line.contains("thread::sleep"))
    });
    assert_eq!(pausing.collect::<Vec<_>>(), [door]);
}

#[test]
fn files_stay_small() {
    let mut beside = Vec::new();
    for package in ["shmstate-cli", "shmstate-cluster", "shmstate-derive", "shmstate-durable"] {
        walk(&source().join("../..").join(package).join("src"), &mut beside);
    }
    assert!(beside.len() > 50, "{beside:?}");
    let beside = beside.into_iter().map(|path| (fs::read_to_string(&path).unwrap(), path));
    for (text, path) in files().into_iter().map(|(_, path, text)| (text, path)).chain(beside) {
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", path.display());
    }
}

/// A program for several platforms compiles on all of them: what `state` offers is there where there are no states.
#[test]
fn every_platform_has_the_same_interface() {
    /// The public declarations of a file, each on one line.
    fn declared(text: &str) -> Vec<String> {
        let mut lines = code(text).map(str::trim);
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            let mut one = line.to_owned();
            if !one.starts_with("pub ") || one.starts_with("pub use") {
                continue;
            }
            while !one.ends_with([',', ';', '{', '}']) || one.contains("fn ") && !one.contains('{') {
                one.extend([" ", lines.next().unwrap()]);
            }
            let one = one.trim_end_matches(['{', '}', ' ']).replace("mut self", "self");
            found.push(one.replace("( ", "(").replace(", )", ")"));
        }
        found
    }
    // `elsewhere` has these files as well.
    let both = |path: &Path| {
        ["outcome.rs", "with_timeout.rs", "versions.rs", "stream.rs", "change.rs"]
            .iter()
            .any(|file| path.ends_with(file))
    };
    let here = files().into_iter().filter(|(part, path, _)| (part == "state" || part == "follow") && !both(path));
    let here = declared(&here.map(|(.., text)| text).collect::<Vec<_>>().join("\n"));
    let elsewhere = ["elsewhere.rs", "elsewhere/following.rs"];
    let elsewhere = declared(&elsewhere.map(|file| fs::read_to_string(source().join(file)).unwrap()).join("\n"));
    assert!(here.len() > 30, "{here:#?}");
    let missing: Vec<_> = here.iter().filter(|one| !elsewhere.contains(one)).collect();
    let left: Vec<_> = elsewhere.iter().filter(|one| !here.contains(one)).collect();
    assert!(
        missing.is_empty() && left.is_empty(),
        "`shmstate/src/elsewhere.rs` stands in for `state` on other platforms, and has to declare the same; it lacks \
         {missing:#?}, and has only itself {left:#?}"
    );
}
