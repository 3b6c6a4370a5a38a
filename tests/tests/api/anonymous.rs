//! States without a name, which go to other processes as descriptors.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Fixture, PATIENCE, child, has_proc, scratch_dir};
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

fn anonymous() -> State<Fixture> {
    State::<Fixture>::options().timeout(PATIENCE).anonymous().unwrap()
}

/// A child that finds the descriptor at its standard error output: input and output are taken.
fn child(descriptor: OwnedFd, what: &str) -> Child {
    Child::start_command(
        Command::new(env!("CARGO_BIN_EXE_child")).args(["anonymous", what]).stderr(Stdio::from(descriptor)),
    )
}

#[test]
fn a_child_gets_in_by_the_descriptor() {
    if !has_proc() {
        return;
    }
    let fixture = anonymous();
    fixture.update(Fixture::step).unwrap();
    let mut child = child(fixture.share().unwrap(), "update");
    child.expect("2");
    let mut model = Fixture::first();
    model.step();
    model.step();
    assert!(fixture.read(|s| *s == *model).unwrap());
    fixture.update(Fixture::step).unwrap();
    child.go();
    child.expect("3");
    child.succeed();
    assert_eq!(fixture.version().unwrap(), 3);
}

/// The memory is sealed against being executed; the rest of the mode is what was said.
#[test]
fn each_mode_of_a_region_is_one_of_memory() {
    if !has_proc() {
        return;
    }
    for (asked, has) in [(0o600, 0o600), (0o660, 0o660), (0o700, 0o600), (0o755, 0o644), (0o777, 0o666)] {
        let options = || State::<Fixture>::options().mode(asked).timeout(PATIENCE);
        let fd = options().anonymous().unwrap().share().unwrap();
        let mode = File::from(fd.try_clone().unwrap()).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, has, "of {asked:#o}");
        options().from_fd(fd).unwrap().update(Fixture::step).unwrap();
    }
}

#[test]
fn the_death_of_a_child_is_noticed_though_its_descriptor_was_shared() {
    if !has_proc() {
        return;
    }
    let fixture = anonymous();
    // Two more that stay: a process that has one of them must not seem to hold the dead one's slot.
    let (kept, lent) = (fixture.share().unwrap(), fixture.share().unwrap());
    let bystander = child(lent, "stay");
    bystander.expect("in");
    child(fixture.share().unwrap(), "die-in-update").die(libc::SIGKILL);
    fixture.update(Fixture::step).unwrap();
    assert_eq!((fixture.version().unwrap(), fixture.stats().unwrap().recoveries), (1, 1));
    child(kept.try_clone().unwrap(), "die-in-read").die(libc::SIGKILL);
    for _ in 0..2000 {
        fixture.update(Fixture::step).unwrap();
    }
    assert_eq!(fixture.stats().unwrap().pins_reclaimed, 1);
    // The descriptor that was kept still opens it.
    let other = State::<Fixture>::from_fd(&kept).unwrap();
    assert_eq!(other.version().unwrap(), 2001);
}

/// The heir has the descriptor that the dead one shared, and goes on living with it.
#[test]
fn the_death_of_who_shared_it_is_noticed_though_an_heir_lives() {
    if !has_proc() {
        return;
    }
    let fixture = anonymous();
    let dead = child(fixture.share().unwrap(), "die-with-an-heir");
    assert_eq!(dead.line(), None, "it dies");
    fixture.update(Fixture::step).unwrap();
    assert_eq!((fixture.version().unwrap(), fixture.stats().unwrap().recoveries), (1, 1));
}

#[test]
fn the_memory_is_sealed() {
    if !has_proc() {
        return;
    }
    let fixture = anonymous();
    let file = File::from(fixture.share().unwrap());
    let len = file.metadata().unwrap().len();
    for cut in [0, len - 1, len + 1] {
        assert!(file.set_len(cut).is_err(), "cut to {cut}");
    }
    // SAFETY: an open descriptor.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, libc::F_SEAL_WRITE) }, -1);
    fixture.update(Fixture::step).unwrap();
}

#[test]
fn its_handles_are_those_of_any_state() {
    if !has_proc() {
        return;
    }
    let fixture = State::<Fixture>::options().handles(2).timeout(Duration::from_millis(1)).anonymous().unwrap();
    assert!(fixture.is_current().unwrap());
    let clone = fixture.try_clone().unwrap();
    let full = State::<Fixture>::options().timeout(Duration::from_millis(1)).from_fd(fixture.share().unwrap());
    assert_eq!(full.unwrap_err().kind(), ErrorKind::Busy);
    drop(fixture);
    clone.update(Fixture::step).unwrap();
    let again = State::<Fixture>::from_fd(clone.share().unwrap()).unwrap();
    assert_eq!(again.version().unwrap(), 1);
}

#[test]
fn spare_copies_fit_under_the_seal() {
    if !has_proc() {
        return;
    }
    let fixture = State::<Fixture>::options().copies(2).max_copies(3).anonymous().unwrap();
    let reader = fixture.try_clone().unwrap();
    reader
        .read(|s| {
            std::thread::scope(|scope| {
                scope.spawn(|| (0..5).for_each(|_| fixture.update(Fixture::step).unwrap()));
            });
            assert_eq!(s.steps, 0);
        })
        .unwrap();
    assert_eq!((fixture.version().unwrap(), fixture.stats().unwrap().copies), (5, 3));
}

#[test]
fn other_descriptors_are_refused() {
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let named = State::<Fixture>::create(&path).unwrap();
    let error = named.share().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("it has a name"), "{error}");
    let cuttable = File::options().read(true).write(true).open(&path).unwrap();
    let error = State::<Fixture>::from_fd(&cuttable).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("by its name"), "{error}");
    let (pipe, _other_end) = std::io::pipe().unwrap();
    assert_eq!(State::<Fixture>::from_fd(&pipe).unwrap_err().kind(), ErrorKind::NotAFile);
    let number = State::<u64>::anonymous().unwrap();
    assert_eq!(State::<Fixture>::from_fd(number.share().unwrap()).unwrap_err().kind(), ErrorKind::LayoutMismatch);
}

#[test]
fn a_forked_child_opens_what_was_shared_before() {
    if !has_proc() {
        return;
    }
    child!["fork", "anonymous", ""].succeed();
}

/// A descriptor comes past the mode of the file, but the file is opened anew by it: what the message says to do is enough.
#[test]
fn a_state_of_another_user_says_how_it_has_to_be_created() {
    const OTHER: u32 = 65534;
    // SAFETY: no pointers.
    if unsafe { libc::geteuid() } != 0 {
        return println!("skipped: only root can start a process of another user");
    }
    if !has_proc() {
        return;
    }
    let dir = scratch_dir();
    let program = dir.path().join("program");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Another process copies it: what a program of another thread inherits, open for writing, cannot be run.
    assert!(Command::new("cp").arg("-p").arg(env!("CARGO_BIN_EXE_child")).arg(&program).status().unwrap().success());
    let said = |fixture: &State<Fixture>| {
        let mut command = Command::new(&program);
        command
            .args(["anonymous", "of-another-user"])
            .uid(OTHER)
            .gid(OTHER)
            .stderr(Stdio::from(fixture.share().unwrap()));
        Child::start_command(&mut command).succeed()
    };
    let private = said(&anonymous());
    let parts = [
        "Permission: ",
        "belongs to user 0",
        "its mode 600 keeps the user of this process out",
        "create it with `.mode(0o666)`",
    ];
    parts.iter().for_each(|part| assert!(private[0].contains(part), "`{part}` is missing in: {private:?}"));
    assert!(private[1].starts_with("Permission: ") && private[1].contains("Permission denied"), "{private:?}");
    let shared = State::<Fixture>::options().timeout(PATIENCE).mode(0o666).anonymous().unwrap();
    let shared_said = said(&shared);
    let parts = ["Permission: ", "`.mode(0o666)`, for those of all users"];
    parts.iter().for_each(|part| assert!(shared_said[0].contains(part), "`{part}` is missing in: {shared_said:?}"));
    assert_eq!((shared_said[1].as_str(), shared.version().unwrap()), ("Ok", 1));
}
