//! Regions of every kind, and what moves them: the answer is clear each time.

use shmstate::dynamic::DynState;
use shmstate::{List, Map, Set, SharedLayout, State};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

#[path = "common/spawn.rs"]
mod spawn;

/// Runs the program; returns its exit status, what it printed, and its errors.
fn run(dir: &Path, args: &[&str]) -> (i32, String, String) {
    let output = spawn::output(Command::new(env!("CARGO_BIN_EXE_shmstate")).env("SHMSTATE_DIR", dir).args(args));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What it prints when it succeeds.
#[track_caller]
fn prints(dir: &Path, args: &[&str]) -> String {
    let (status, out, err) = run(dir, args);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    out
}

/// Its error, and its exit status.
#[track_caller]
fn fails(dir: &Path, args: &[&str], status: i32) -> String {
    let (found, out, err) = run(dir, args);
    assert_eq!((found, out.as_str()), (status, ""), "{err}");
    err
}

/// The schema of a struct of so many numbers.
fn wide(fields: usize) -> String {
    let field = |n: usize| format!(r#"{{"name":"f{n}","offset":{},"type":0}}"#, 8 * n);
    let fields: Vec<String> = (0..fields).map(field).collect();
    format!(
        r#"{{"shmstate":1,"types":[{{"name":"u64","size":8,"align":8,"version":0,"arguments":[],"kind":"scalar","scalar":"u64"}},{{"name":"Wide","size":{},"align":8,"version":0,"arguments":[],"kind":"struct","fields":[{}]}}],"docs":[]}}"#,
        8 * fields.len(),
        fields.join(",")
    )
}

#[test]
fn ten_thousand_fields() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let state = DynState::create_from_schema(dir.join("wide"), &wide(10_000)).unwrap();
    prints(dir, &["set", "wide", "f9999", "7"]);
    assert_eq!(prints(dir, &["get", "wide", "f9999"]), "7\n");
    assert_eq!(
        prints(dir, &["show", "wide", "--all"]).lines().filter(|line| line.trim().starts_with('f')).count(),
        10_000
    );
    assert!(prints(dir, &["schema", "wide"]).contains("f9999"));
    assert_eq!(prints(dir, &["diff", "wide", "wide"]), "");
    std::fs::write(dir.join("wider.json"), wide(10_001)).unwrap();
    let wider = dir.join("wider.json").display().to_string();
    assert!(prints(dir, &["migrate", "wide", &wider, "--dry-run"]).contains("f10000"));
    prints(dir, &["migrate", "wide", &wider]);
    assert_eq!(prints(dir, &["get", "wide", "f9999"]), "7\n");
    assert_eq!(state.to_json("f9999").unwrap_err().kind(), shmstate::ErrorKind::Retired);
}

#[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
#[repr(C, u64)]
enum Wait {
    Never,
    Until { time: u64 },
}

#[derive(SharedLayout, Clone, Copy, PartialEq, Debug)]
#[repr(C, u64)]
enum Job {
    Idle,
    Run { pid: u64, wait: Wait },
}

#[derive(SharedLayout)]
#[repr(C)]
struct Jobs {
    jobs: Map<u64, Job, 4>,
    names: Set<u64, 4>,
}

#[test]
fn enums_in_enums_in_maps() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let state = State::<Jobs>::create(dir.join("jobs")).unwrap();
    prints(dir, &["insert", "jobs", "jobs", "5", r#"{"Run":{"pid":7,"wait":{"Until":{"time":9}}}}"#]);
    prints(dir, &["insert", "jobs", "jobs", "6", "Idle"]);
    let path = "jobs[5].Run.wait.Until.time";
    assert_eq!(prints(dir, &["get", "jobs", path]), "9\n");
    prints(dir, &["set", "jobs", path, "10"]);
    assert!(fails(dir, &["get", "jobs", "jobs[6].Run.pid"], 6).contains("is `Idle` now, and not `Run`"));
    assert!(prints(dir, &["show", "jobs"]).contains("Until"));
    prints(dir, &["set", "jobs", "jobs[5].Run.wait", "Never"]);
    let job = state.read(|s| s.jobs[&5]).unwrap();
    assert_eq!(job, Job::Run { pid: 7, wait: Wait::Never });
}

#[test]
fn a_region_of_another_format_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    drop(State::<u64>::create(dir.join("newer")).unwrap());
    let file = std::fs::File::options().write(true).open(dir.join("newer")).unwrap();
    file.write_all_at(&2u32.to_ne_bytes(), 8).unwrap();
    for verb in ["show", "get", "stat", "doctor", "watch"] {
        let error = fails(dir, &[verb, "newer"], 4);
        assert!(error.contains("has format 2") && error.contains("`shmstate rm NAME`"), "{verb}: {error}");
    }
    let (status, out, _) = run(dir, &["ls", "--rate-ms", "1"]);
    assert!(status == 0 && out.contains("format 2"), "{out}");
    prints(dir, &["rm", "newer"]);
    assert!(fails(dir, &["get", "newer"], 3).contains("`shmstate ls` lists"));
}

#[test]
fn a_region_of_another_user() {
    if !nix::unistd::geteuid().is_root() {
        return println!("skipped: only root can be two users");
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    // Where any user can run it. Another process copies it: what a program of another thread inherits, open for writing, cannot
    // be run.
    let program = dir.join("shmstate");
    assert!(
        spawn::output(Command::new("cp").arg("-p").arg(env!("CARGO_BIN_EXE_shmstate")).arg(&program)).status.success()
    );
    let _own = State::<u64>::create(dir.join("own")).unwrap();
    let _shared = State::<u64>::options().mode(0o666).create(dir.join("shared")).unwrap();
    let other = |args: &[&str]| {
        let mut command = Command::new(&program);
        let output = spawn::output(command.env("SHMSTATE_DIR", dir).args(args).uid(65534).gid(65534));
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (status, _, error) = other(&["get", "own"]);
    assert!(status == 4 && error.contains("look at the modes and owners"), "{status} {error}");
    // To look at it takes no trust.
    assert_eq!(other(&["get", "shared"]), (0, "0\n".into(), String::new()));
    let (status, _, error) = other(&["set", "shared", "", "3"]);
    assert!(status == 4 && error.contains("--mode 666"), "{status} {error}");
    assert_eq!(other(&["--mode", "666", "set", "shared", "", "3"]).0, 0);
    assert_eq!(prints(dir, &["get", "shared", "--mode", "666"]), "3\n");
    assert_eq!(other(&["get", "shared", "--mode", "7"]).0, 2);
}

mod first {
    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct Room {
        pub name: shmstate::Text<8>,
        pub seats: u64,
    }

    #[derive(shmstate::SharedLayout)]
    #[repr(C)]
    pub struct House {
        pub ticks: u64,
        pub rooms: shmstate::List<Room, 4>,
        pub old: u64,
    }
}

#[derive(SharedLayout)]
#[repr(C)]
struct Room {
    title: shmstate::Text<8>,
    seats: u64,
}

#[derive(SharedLayout)]
#[repr(C)]
struct House {
    steps: u64,
    rooms: List<Room, 4>,
}

#[test]
fn a_migration_takes_other_names_and_losses() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let old = State::<first::House>::create(dir.join("house")).unwrap();
    old.transact(|h| {
        h.ticks = 7;
        h.rooms.push(first::Room { name: "hall".parse()?, seats: 3 })?;
        Ok(())
    })
    .unwrap();
    drop(State::<House>::create(dir.join("next")).unwrap());
    let migrate = |more: &[&str]| run(dir, &[&["migrate", "house", "next"], more].concat());
    let refused = |more: &[&str], status: i32, part: &str| {
        let (found, _, error) = migrate(more);
        assert!(found == status && error.contains(part) && !error.contains("Migrate::"), "{found} {error}");
    };
    refused(&[], 4, "`--allow-loss PATH`");
    refused(&["--rename", "steps"], 6, "write the old name, `=` and the new path");
    refused(&["--rename", "ticks=stepps"], 6, "`stepps`: the new layout has no such field or variant");
    refused(&["--rename", "tocks=steps"], 6, "no `tocks` becomes it");
    refused(&["--allow-loss", "rooms[..].nam"], 6, "`rooms[..].nam`: the old state has no such part");
    let renamed = ["--rename", "ticks=steps", "--rename", "name=rooms[..].title"];
    refused(&renamed, 4, "\n  old: ");
    let all = [&renamed[..], &["--allow-loss", "old"]].concat();
    assert_eq!(migrate(&[&all[..], &["--dry-run"]].concat()).0, 0);
    assert_eq!(migrate(&all).0, 0);
    let new = State::<House>::open(dir.join("house")).unwrap();
    new.read(|h| assert_eq!((h.steps, h.rooms[0].title.as_str(), h.rooms[0].seats), (7, "hall", 3))).unwrap();
}

#[test]
fn a_state_moves_to_more_handles() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let old = State::<u64>::options().handles(2).create(dir.join("number")).unwrap();
    old.update(|n| *n = 7).unwrap();
    assert!(
        prints(dir, &["resize", "number", "--handles", "9", "--copies", "4"]).contains("room for 9 handles, 4 copies")
    );
    assert_eq!(old.read(|_| ()).unwrap_err().kind(), shmstate::ErrorKind::Retired);
    let new = State::<u64>::open(dir.join("number")).unwrap();
    assert_eq!((new.read(|n| *n).unwrap(), new.stats().unwrap().handles), (7, 9));
    assert_eq!(run(dir, &["resize", "number"]).0, 2, "no size");
    assert!(fails(dir, &["resize", "number", "--copies", "1"], 2).contains("`--copies 1`"));
}

#[test]
fn what_begins_as_json_and_is_none_is_a_slip() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let state = State::<House>::create(dir.join("house")).unwrap();
    for (verb, path) in [("set", "steps"), ("set", "rooms"), ("push", "rooms")] {
        let error = fails(dir, &[verb, "house", path, "{\"title\": \"hall\", \"seats\": }"], 6);
        assert!(error.contains("is no JSON") && error.contains("line 1 column 28"), "{error}");
    }
    assert!(fails(dir, &["set", "house", "steps", "seven"], 6).contains("a text is no value of type `u64`"));
    assert_eq!(state.version().unwrap(), 0);
}

/// A process that only looks has no handle, and is seen all the same.
#[test]
fn a_region_that_is_looked_at_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    drop(State::<u64>::create(dir.join("number")).unwrap());
    let looking = State::<u64>::open_read_only(dir.join("number")).unwrap();
    let error = fails(dir, &["rm", "number"], 5);
    assert!(error.contains(&std::process::id().to_string()), "{error}");
    assert_eq!(prints(dir, &["rm", "--orphans"]), "");
    drop(looking);
    prints(dir, &["rm", "number"]);
    assert!(!dir.join("number").exists());
}
