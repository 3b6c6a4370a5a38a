//! Each verb on regions that are not as they should be: the exit status, and an answer that says why.

use nix::unistd::geteuid;
use shmstate::{List, Map, SharedLayout, State, Text};
use std::fs::{self, File, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

#[path = "common/spawn.rs"]
mod spawn;

#[derive(SharedLayout)]
#[repr(C)]
struct House {
    visits: u64,
    name: Text<16>,
    rooms: List<u64, 8>,
    ports: Map<u64, u64, 4>,
}

fn house(path: &Path) -> State<House> {
    let house = State::<House>::create(path).unwrap();
    let filled = house.transact(|h| {
        h.name.set("entrance")?;
        h.rooms.push(7)?;
        h.ports.insert(80, 1)?;
        Ok(())
    });
    filled.unwrap();
    house
}

/// What reads the whole state.
const READ: [&[&str]; 5] = [
    &["show", "it"],
    &["watch", "it", "--count", "1"],
    &["diff", "it", "sound"],
    &["diff", "sound", "it"],
    &["export", "it"],
];

/// What describes the region, and reads a field.
const LOOK: [&[&str]; 3] = [&["schema", "it"], &["stat", "it"], &["get", "it", "visits"]];

const WRITE: [&[&str]; 7] = [
    &["set", "it", "visits", "9"],
    &["push", "it", "rooms", "9"],
    &["insert", "it", "ports", "9", "9"],
    &["remove", "it", "rooms[0]"],
    &["clear", "it", "rooms"],
    &["migrate", "it", "sound"],
    &["resize", "it", "--handles", "9"],
];

/// A directory with a region that is sound, and one that is not.
struct Fixture(tempfile::TempDir);

impl Fixture {
    /// `spoil` makes something of the region `it`, to which no process is attached.
    fn new(spoil: impl Fn(&Path)) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        drop(house(&dir.path().join("sound")));
        let it = dir.path().join("it");
        drop(house(&it));
        spoil(&it);
        Fixture(dir)
    }

    fn run(&self, args: &[&str]) -> Output {
        spawn::output(Command::new(env!("CARGO_BIN_EXE_shmstate")).env("SHMSTATE_DIR", self.0.path()).args(args))
    }

    /// All of the verbs end with that status, and say that on standard error, or, with the status 1, as their answer.
    #[track_caller]
    fn all(&self, verbs: &[&[&str]], status: i32, text: &str) {
        for args in verbs {
            answers(args, &self.run(args), status, text);
        }
    }
}

#[track_caller]
fn answers(args: &[&str], output: &Output, status: i32, text: &str) {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert_eq!(output.status.code(), Some(status), "{args:?}: {out}{err}");
    let (answer, other) = if status > 1 { (&err, &out) } else { (&out, &err) };
    assert!(answer.contains(text), "{args:?}: {answer}");
    assert_eq!(other.as_ref(), "", "{args:?}");
    assert!(
        !answer.contains("`remove`") && !answer.contains("reopen"),
        "{args:?} names calls of the library: {answer}"
    );
}

#[test]
fn a_retired_region() {
    let fixture = Fixture::new(|it| {
        let old = it.with_extension("old");
        fs::hard_link(it, &old).unwrap();
        State::<House>::open(it).unwrap().recreate(State::options()).unwrap();
        fs::rename(&old, it).unwrap();
    });
    let replaced = "was replaced by another one, and is out of service";
    fixture.all(&READ, 4, replaced);
    fixture.all(&WRITE, 4, replaced);
    fixture.all(&[&["get", "it", "visits"], &["verify", "it"]], 4, replaced);
    // What it was is known.
    fixture.all(&[&["schema", "it"]], 0, "rooms");
    fixture.all(&[&["stat", "it"]], 0, "commits");
    fixture.all(&[&["doctor", "it"]], 1, "the region is retired");
    fixture.all(&[&["rm", "it"]], 0, "");
}

#[test]
fn a_region_whose_state_is_damaged() {
    let fixture = Fixture::new(|it| {
        let mut bytes = fs::read(it).unwrap();
        for at in 0..bytes.len() {
            if bytes[at..].starts_with(b"entrance") {
                bytes[at] = 0xff; // no UTF-8
            }
        }
        fs::write(it, bytes).unwrap();
    });
    fixture.all(&READ, 4, "no UTF-8");
    fixture.all(&READ, 4, "the state is damaged: see `shmstate doctor NAME`");
    fixture.all(&[&["get", "it"]], 4, "`name`: no UTF-8");
    fixture.all(&WRITE, 4, "its state: `name`: no UTF-8");
    fixture.all(&LOOK, 0, "");
    fixture.all(&[&["doctor", "it"], &["verify", "it"]], 1, "damaged: `name`: no UTF-8");
    fixture.all(&[&["rm", "it"]], 0, "");
}

#[test]
fn a_region_whose_header_is_damaged() {
    let fixture = Fixture::new(|it| File::options().write(true).open(it).unwrap().write_all_at(&[9; 8], 72).unwrap());
    for verbs in [&READ[..], &LOOK, &WRITE, &[&["doctor", "it"]]] {
        fixture.all(
            verbs,
            4,
            "its header is damaged (the checksum differs); if its content is not needed, `shmstate rm NAME`",
        );
    }
    fixture.all(&[&["verify", "it"]], 1, "its header is damaged");
    fixture.all(&[&["rm", "it"]], 0, "");
}

#[test]
fn a_region_of_a_newer_format() {
    let newer = |it: &Path| File::options().write(true).open(it).unwrap().write_all_at(&2u32.to_ne_bytes(), 8).unwrap();
    let fixture = Fixture::new(newer);
    for verbs in [&READ[..], &LOOK, &WRITE, &[&["doctor", "it"], &["verify", "it"]]] {
        fixture.all(
            verbs,
            4,
            "has format 2, and this version of shmstate knows format 1: use the version that made it",
        );
    }
    fixture.all(&[&["rm", "it"]], 0, "");
}

#[test]
fn a_file_that_is_no_region_and_none() {
    let fixture = Fixture::new(|it| fs::write(it, "no region").unwrap());
    for verbs in [&READ[..], &LOOK, &WRITE, &[&["doctor", "it"], &["rm", "it"]]] {
        fixture.all(verbs, 4, "it does not begin like a region of shmstate");
    }
    fixture.all(&[&["verify", "it"]], 1, "it does not begin like a region of shmstate");
    let fixture = Fixture::new(|it| fs::remove_file(it).unwrap());
    for verbs in [&READ[..], &LOOK, &WRITE, &[&["doctor", "it"], &["verify", "it"], &["rm", "it"]]] {
        fixture.all(verbs, 3, "`shmstate ls` lists those that are there");
    }
}

#[test]
fn a_region_of_another_user() {
    if !geteuid().is_root() {
        return println!("skipped: only root can be two users");
    }
    let fixture = Fixture::new(|_| ());
    let dir = fixture.0.path();
    fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
    // Where any user can run it. Another process copies it: what a program of another thread inherits, open for writing, cannot
    // be run.
    let program = dir.join("shmstate");
    assert!(
        spawn::output(Command::new("cp").arg("-p").arg(env!("CARGO_BIN_EXE_shmstate")).arg(&program)).status.success()
    );
    let other =
        |args: &[&str]| spawn::output(Command::new(&program).env("SHMSTATE_DIR", dir).args(args).uid(65534).gid(65534));
    for verbs in [&READ[..], &LOOK, &WRITE, &[&["doctor", "it"], &["verify", "it"]]] {
        verbs.iter().for_each(|args| answers(args, &other(args), 4, "it"));
    }
    // The directory is not the other user's.
    answers(&["rm", "it"], &other(&["rm", "it"]), 4, "it");
    let text = String::from_utf8(other(&["get", "it"]).stderr).unwrap();
    assert!(text.contains("look at the modes and owners"), "{text}");
}

#[test]
fn advice_that_the_command_itself_takes() {
    let fixture = Fixture::new(|it| fs::set_permissions(it, Permissions::from_mode(0o644)).unwrap());
    answers(&["set"], &fixture.run(&["set", "it", "visits", "9"]), 4, "or trust it by `--mode 0o644`");
    answers(&["--mode"], &fixture.run(&["--mode", "0o644", "set", "it", "visits", "9"]), 0, "");
    let refused = fixture.run(&["resize", "sound", "--handles", "0"]);
    answers(&["resize"], &refused, 2, "`--handles 0`: a region has 1 to 65536 handles");
}

#[test]
fn files_that_cannot_be_written_are_named_as_they_were_given() {
    let fixture = Fixture::new(|_| ());
    let missing = fixture.run(&["export", "it", "/no-such-directory/it.json"]);
    answers(&["export"], &missing, 7, "/no-such-directory/it.json: No such file or directory (os error 2)\n");
    if Path::new("/dev/full").exists() {
        answers(&["export"], &fixture.run(&["export", "it", "/dev/full"]), 7, "/dev/full: No space left on device");
    }
}

/// An export has a layout, as `diff` and `import` know.
#[test]
fn a_layout_may_be_that_of_an_export() {
    let fixture = Fixture::new(|_| ());
    let [export, text] = ["sound.json", "no.json"].map(|name| fixture.0.path().join(name).display().to_string());
    answers(&["export"], &fixture.run(&["export", "sound", &export]), 0, "");
    answers(&["migrate"], &fixture.run(&["migrate", "it", &export]), 0, "has this layout already");
    fs::write(&text, "{}").unwrap();
    let no_layout =
        format!("{text}: the schema: it does not have `\"shmstate\"` at byte 1; `shmstate schema NAME --json`");
    answers(&["migrate"], &fixture.run(&["migrate", "it", &text]), 6, &no_layout);
    let no_pair = "`--rename a`: write the old name, `=` and the new path";
    answers(&["migrate"], &fixture.run(&["migrate", "it", &export, "--rename", "a"]), 6, no_pair);
}

#[test]
fn a_key_that_is_given_twice_and_a_directory_that_is_not_there() {
    let fixture = Fixture::new(|_| ());
    let twice = fixture.run(&["set", "it", "ports", r#"{"80":1,"80":2}"#]);
    answers(&["set"], &twice, 6, "`ports[\"80\"]`: the key is in the `Map");
    answers(&["ls"], &fixture.run(&["ls", "--dir", "/does/not/exist"]), 7, "/does/not/exist");
}

#[test]
fn what_has_no_form_in_json() {
    let fixture = Fixture::new(|_| ());
    let ratio = State::<f64>::create(fixture.0.path().join("ratio")).unwrap();
    ratio.update(|it| *it = f64::NAN).unwrap();
    let file = fixture.0.path().join("ratio.json").display().to_string();
    let exported = fixture.run(&["export", "ratio", &file]);
    answers(&["export"], &exported, 7, "a number that is not finite has no form in JSON: change it");
    assert!(!String::from_utf8_lossy(&exported.stderr).contains("Snapshot"), "{exported:?}");
}

#[test]
fn a_watch_goes_on_while_a_part_is_not_there() {
    let fixture = Fixture::new(|_| ());
    answers(&["watch"], &fixture.run(&["watch", "it", "rooms[3]", "--count", "1"]), 6, "`rooms[3]`: item 3 of 1");
    let state = State::<House>::open(fixture.0.path().join("it")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_shmstate"));
    command.args(["watch", "it", "rooms[0]", "visits", "--json", "--count", "3", "--interval-ms", "0"]);
    let mut watch = spawn::begin(command.env("SHMSTATE_DIR", fixture.0.path()).stdout(Stdio::piped()));
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    let first = next();
    assert!(first.ends_with(r#""values":{"rooms[0]":7,"visits":0}}"#), "{first}");
    state.update(|s| s.rooms.clear()).unwrap();
    let second = next();
    assert!(second.ends_with(r#""values":{"rooms[0]":null,"visits":0}}"#), "{second}");
    state.transact(|s| Ok(s.rooms.push(8)?)).unwrap();
    let third = next();
    assert!(third.ends_with(r#""values":{"rooms[0]":8,"visits":0}}"#), "{third}");
    assert!(watch.wait().unwrap().success());
}
