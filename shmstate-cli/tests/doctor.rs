//! What `doctor`, `stat` and `verify` say of processes and copies.

use assert_cmd::Command;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use shmstate::{SharedLayout, State, Text};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};

#[derive(SharedLayout)]
#[repr(C)]
struct Door {
    opened: u64,
    name: Text<16>,
}

/// Runs the program; returns its exit status, and what it printed.
fn run(dir: &Path, args: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("shmstate").unwrap();
    let output = command.env("SHMSTATE_DIR", dir).args(args).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn door(dir: &Path) -> State<Door> {
    let door = State::<Door>::options().copies(3).max_copies(3).create(dir.join("door")).unwrap();
    door.transact(|d| Ok(d.name.set("entrance")?)).unwrap();
    door
}

/// In a process that [`Stopped::within`] has started: stops where that says, and ends.
fn stop_if_asked() {
    let (Ok(door), Ok(what)) = (std::env::var("DOOR"), std::env::var("STOPS_IN")) else { return };
    let door = State::<Door>::open(door).unwrap();
    match what.as_str() {
        "update" => door.update(|_| raise(Signal::SIGSTOP).unwrap()).unwrap(),
        "read" => door.read(|_| raise(Signal::SIGSTOP).unwrap()).unwrap(),
        _ => raise(Signal::SIGSTOP).unwrap(),
    }
    std::process::exit(0);
}

/// A process that has stopped there. Dropped, it is killed.
struct Stopped(Child);

impl Stopped {
    /// Starts this program again, with the one test of that name, which begins with [`stop_if_asked`].
    fn within(test: &str, dir: &Path, what: &str) -> Stopped {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test]).env("DOOR", dir.join("door")).env("STOPS_IN", what);
        let stopped = Stopped(command.stdout(Stdio::null()).spawn().unwrap());
        let status = waitpid(stopped.pid(), Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert_eq!(status, WaitStatus::Stopped(stopped.pid(), Signal::SIGSTOP));
        stopped
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id() as i32)
    }

    fn kill(&mut self) {
        kill(self.pid(), Signal::SIGKILL).unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_writer_that_keeps_the_lock() {
    stop_if_asked();
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let door = door(dir);
    let (status, out) = door.update(|_| run(dir, &["doctor", "door"])).unwrap();
    let me = std::process::id();
    assert!(status == 1 && out.starts_with(&format!("process {me} (`")), "{status} {out}");
    assert!(out.contains("has had the writer's lock for") && out.contains("end it; after its death"), "{out}");
    assert_eq!(run(dir, &["doctor", "door"]).0, 0);

    let mut writer = Stopped::within("a_writer_that_keeps_the_lock", dir, "update");
    let (status, out) = run(dir, &["doctor", "door"]);
    let advice = format!("and is stopped\n  let it go on (`kill -CONT {}`), or end it; ", writer.pid());
    assert!(status == 1 && out.contains(&advice), "{status} {out}");
    let (_, table) = run(dir, &["stat", "door"]);
    assert!(table.lines().any(|line| line.contains(&writer.pid().to_string()) && line.ends_with("stopped")), "{table}");
    writer.kill();
    let (status, out) = run(dir, &["doctor", "door"]);
    assert!(status == 1 && out.contains("died without leaving; it has slot 1\n  it has the writer's lock: "), "{out}");
    door.update(|d| d.opened += 1).unwrap();
    let (_, counters) = run(dir, &["stat", "door", "--json"]);
    let counters: serde_json::Value = serde_json::from_str(&counters).unwrap();
    assert_eq!(counters["counters"]["recoveries"], 1, "{counters}");
}

#[test]
fn a_reader_that_is_stopped() {
    stop_if_asked();
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let _door = door(dir);
    let mut reader = Stopped::within("a_reader_that_is_stopped", dir, "read");
    let (status, out) = run(dir, &["doctor", "door"]);
    assert!(status == 1 && out.contains("is stopped in a read, and keeps 1 of the copies\n  let it go on"), "{out}");
    reader.kill();
    let (_, out) = run(dir, &["doctor", "door"]);
    assert!(out.contains("its copy is taken back when a writer needs it"), "{out}");
    drop(reader);
    let mut idle = Stopped::within("a_reader_that_is_stopped", dir, "neither");
    assert!(!run(dir, &["doctor", "door"]).1.contains(&idle.pid().to_string()), "a process that is stopped elsewhere");
    idle.kill();
}

#[test]
fn a_region_whose_handles_and_copies_are_all_taken() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let door = State::<Door>::options().copies(2).max_copies(2).handles(1).create(dir.join("door")).unwrap();
    let (status, out) = door.read(|_| run(dir, &["doctor", "door"])).unwrap();
    assert_eq!(status, 1);
    assert!(out.contains("readers are in 1 of 2 copies, and there can be no more"), "{out}");
    assert!(out.contains("all 1 handles are taken") && out.contains("shmstate resize NAME --handles N"), "{out}");
}

#[test]
fn since_when_a_process_is_attached() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let door = door(dir);
    let view = shmstate::dynamic::DynState::open(dir.join("door")).unwrap();
    assert_eq!(view.handles().unwrap()[0].since, door.attached().unwrap()[0].since);
    let (_, stat) = run(dir, &["stat", "door", "--json"]);
    let stat: serde_json::Value = serde_json::from_str(&stat).unwrap();
    assert!(stat["handles"][0]["attached_s"].as_f64().unwrap() > 0.0, "{stat}");
    let (_, table) = run(dir, &["stat", "door"]);
    assert!(table.contains("attached for"), "{table}");
}

#[test]
fn damage_in_a_copy_that_no_reader_sees() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let door = door(dir);
    // Into two copies by turns: the third one rests.
    (0..4).for_each(|_| door.update(|d| d.opened += 1).unwrap());
    let (status, sound) = run(dir, &["verify", "door"]);
    let lines = ["copy 0: version 4", "copy 1: version 5, which readers see", "copy 2: no version"];
    assert!(status == 0 && sound.starts_with("sound: `Door`, version 5\n"), "{sound}");
    assert!(lines.iter().all(|line| sound.contains(line)), "{sound}");
    let mut bytes = std::fs::read(dir.join("door")).unwrap();
    let first = bytes.windows(8).position(|window| window == b"entrance").unwrap();
    bytes[first] = 0xff; // no UTF-8
    std::fs::write(dir.join("damaged"), bytes).unwrap();
    std::fs::set_permissions(dir.join("damaged"), PermissionsExt::from_mode(0o600)).unwrap();
    let (status, out) = run(dir, &["verify", "damaged"]);
    assert_eq!(status, 1);
    let lines = [
        "damaged: another copy of `Door` than version 5, which is sound",
        "copy 0: version 4: ",
        "`name`",
        "resize NAME",
    ];
    assert!(lines.iter().all(|line| out.contains(line)), "{out}");
    let (status, out) = run(dir, &["doctor", "damaged"]);
    assert!(status == 1 && out.contains("copy 0 is damaged, which readers do not see now: "), "{status} {out}");
    assert_eq!(run(dir, &["get", "damaged", "name"]), (0, "\"entrance\"\n".into()));
    // What it advises.
    run(dir, &["resize", "damaged", "--copies", "4"]);
    assert_eq!(run(dir, &["verify", "damaged"]).0, 0);
}
