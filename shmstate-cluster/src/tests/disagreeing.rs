//! A server that has something else than the others, as can happen if it was stopped or cut off at a bad moment.

use super::memory::server;
use super::{eventually, patience};
use crate::{ClusterState, Error};
use std::path::Path;

fn join(dir: &Path) -> ClusterState<[u64; 4]> {
    std::fs::create_dir_all(dir).unwrap();
    let options = ClusterState::<[u64; 4]>::options().timeout(patience() / 6);
    options.join("memory://disagreeing", dir.join("state")).unwrap()
}

/// Such a server misleads a machine for a moment, not forever, and nothing that was acknowledged is lost.
#[test]
fn machines_agree_though_servers_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let states = ["near", "far"].map(|name| join(&dir.path().join(name)));
    let server = server("disagreeing");
    let (mut acknowledged, mut in_doubt) = (0, 0);
    let mut count = |state: &ClusterState<[u64; 4]>| match state.update(|s| s[0] += 1) {
        Ok(()) => acknowledged += 1,
        // The machine took all of the state.
        Err(Error::InDoubt { .. }) => in_doubt += 1,
        Err(Error::Disconnected { .. } | Error::Conflict { .. }) => {}
        Err(e) => panic!("{e}"),
    };
    for round in 0..60 {
        if round % 5 == 0 {
            // Each machine connects to a random server again.
            server.disconnect();
        }
        server.disagree_on_next();
        count(&states[round % 2]);
        // The machine has not noticed the wrong entry yet, or has had time to notice it.
        if round % 3 == 0 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        count(&states[(round + round / 7) % 2]);
    }
    assert!(acknowledged > 30, "{acknowledged}");
    let newest = states[0].update(|s| *s).unwrap();
    assert!((acknowledged..=acknowledged + in_doubt).contains(&newest[0]), "{newest:?}: {acknowledged}, {in_doubt}");
    for state in &states {
        eventually("the same", || state.read(|s| *s).unwrap() == newest);
    }
    // A machine that joins late reads the state from the same servers.
    let late = join(&dir.path().join("late"));
    eventually("the same", || late.read(|s| *s).unwrap() == newest);
    assert_eq!(late.update(|s| *s).unwrap(), newest);
}
