//! Processes that give up their rights after they have attached.

use shmstate::{ErrorKind, State};
use shmstate_tests::{PATIENCE, World, actor, scratch_dir};
use std::time::Duration;

/// It goes on reading and updating, opens nothing anew, is named while it is in the way, and its death is noticed.
#[test]
fn a_process_that_drops_its_privileges_goes_on() {
    // SAFETY: no pointers.
    if unsafe { libc::geteuid() } != 0 {
        return println!("skipped: only root can become somebody else");
    }
    let dir = scratch_dir();
    let path = dir.path().join("world");
    let world = State::<World>::options().handles(3).timeout(PATIENCE).create(&path).unwrap();
    for round in 0..3 {
        let version = world.version();
        let mut daemon = actor!["machine", "drop-privileges", path];
        daemon.expect("in");
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
        assert!(status.contains("Uid:\t65534\t65534\t65534\t65534"), "{status}");
        assert_eq!(world.version(), version + 101, "round {round}");
        let hasty = State::<World>::options().timeout(Duration::from_millis(20)).open(&path).unwrap();
        let busy = hasty.update(|_| panic!("it does not run")).unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
        assert!(busy.to_string().contains(&format!("process {} (\"actor\")", daemon.pid())), "{busy}");
        assert_eq!(State::<World>::options().timeout(Duration::ZERO).open(&path).unwrap_err().kind(), ErrorKind::Busy);
        if round == 0 {
            // Stopped, it keeps what it has; nothing is stolen.
            daemon.stop();
            assert_eq!(hasty.update(|_| panic!("it does not run")).unwrap_err().kind(), ErrorKind::Busy);
            daemon.signal(libc::SIGCONT);
        }
        if round == 1 {
            daemon.go();
            daemon.expect("out");
            assert_eq!(world.version(), version + 102);
        }
        daemon.kill();
        world.update(World::step).unwrap();
        assert!(world.read(|s| *s == *World::at(s.steps)).unwrap());
        assert_eq!(world.version(), version + 102 + u64::from(round == 1));
        // Its handle is free again.
        drop(State::<World>::open(&path).unwrap());
    }
    assert_eq!(world.stats().unwrap().recoveries, 2);
}
