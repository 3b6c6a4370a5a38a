//! Rights: of processes that give them up after they have attached, of those that borrow them, and of those whose umask takes
//! them away.

use shmstate::{ErrorKind, State};
use shmstate_tests::{Child, Fixture, PATIENCE, child, has_proc, scratch_dir};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// Whether this process can become another user; otherwise it says so.
fn is_root() -> bool {
    // SAFETY: no pointers.
    let root = unsafe { libc::geteuid() } == 0;
    if !root {
        println!("skipped: only root can become another user");
    }
    root
}

/// It goes on reading and updating, opens nothing anew, is named while it is in the way, and its death is noticed.
#[test]
fn a_process_that_drops_its_privileges_goes_on() {
    if !has_proc() {
        return;
    }
    if !is_root() {
        return;
    }
    let dir = scratch_dir();
    let path = dir.path().join("fixture");
    let fixture = State::<Fixture>::options().handles(3).timeout(PATIENCE).create(&path).unwrap();
    for round in 0..3 {
        let version = fixture.version().unwrap();
        let mut daemon = child!["machine", "drop-privileges", path];
        daemon.expect("in");
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        assert!(status.contains("Uid:\t65534\t65534\t65534\t65534"), "{status}");
        assert_eq!(fixture.version().unwrap(), version + 101, "round {round}");
        let hasty = State::<Fixture>::options().timeout(Duration::from_millis(20)).open(&path).unwrap();
        let busy = hasty.update(|_| panic!("it does not run")).unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
        assert!(busy.to_string().contains(&format!("process {} (\"child\")", daemon.pid())), "{busy}");
        assert_eq!(
            State::<Fixture>::options().timeout(Duration::ZERO).open(&path).unwrap_err().kind(),
            ErrorKind::Busy
        );
        if round == 0 {
            // Stopped, it keeps what it has; nothing is stolen.
            daemon.stop();
            assert_eq!(hasty.update(|_| panic!("it does not run")).unwrap_err().kind(), ErrorKind::Busy);
            daemon.signal(libc::SIGCONT);
        }
        if round == 1 {
            daemon.go();
            daemon.expect("out");
            assert_eq!(fixture.version().unwrap(), version + 102);
        }
        daemon.kill();
        fixture.update(Fixture::step).unwrap();
        assert!(fixture.read(|s| *s == *Fixture::at(s.steps)).unwrap());
        assert_eq!(fixture.version().unwrap(), version + 102 + u64::from(round == 1));
        // Its handle is free again.
        drop(State::<Fixture>::open(&path).unwrap());
    }
    assert_eq!(fixture.stats().unwrap().recoveries, 2);
}

#[test]
fn a_umask_does_not_keep_a_user_out_of_the_own_directory() {
    if !is_root() {
        return;
    }
    for mask in ["0", "22", "77", "177", "377", "777"] {
        let lines = child!["machine", "umask", mask].succeed();
        if lines[0] == "skip" {
            return println!("skipped: {}", lines[1]);
        }
        assert_eq!(lines, ["done"], "umask {mask}");
    }
}

/// Otherwise any user could have a program of root's make files wherever that user likes.
#[test]
fn a_set_user_id_program_ignores_its_callers_directory() {
    const OWNER: u32 = 34567;
    const CALLER: u32 = 65534;
    if !is_root() {
        return;
    }
    let dir = scratch_dir();
    let (program, trap) = (dir.path().join("program"), dir.path().join("trap"));
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(&trap).unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o777)).unwrap();
    // By another process: one that this process forks meanwhile would keep the copy open for writing, and busy.
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_child")).arg(&program).status().unwrap().success());
    chown(&program, Some(OWNER), None).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    let name = format!("secure-{}", std::process::id());
    let mut command = Command::new(&program);
    command.args(["machine", "secure", &name]).uid(CALLER).gid(CALLER).env("SHMSTATE_DIR", &trap);
    let lines = Child::start_command(&mut command).succeed();
    if lines[0] != OWNER.to_string() {
        return println!("skipped: set-user-id programs have no effect here");
    }
    let home = format!("/dev/shm/shmstate-{OWNER}");
    let _ = fs::remove_dir(&home);
    assert_eq!(lines[1], format!("{home}/{name}"));
    assert_eq!(fs::read_dir(&trap).unwrap().count(), 0);
}
