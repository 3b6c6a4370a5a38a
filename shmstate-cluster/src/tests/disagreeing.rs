//! Servers that have something else than the others, as one may that was stopped or apart from them in a bad moment.

use super::memory::server;
use super::{eventually, patience};
use crate::{ClusterState, Error};
use std::path::Path;

fn join(dir: &Path) -> ClusterState<[u64; 4]> {
    std::fs::create_dir_all(dir).unwrap();
    let options = ClusterState::<[u64; 4]>::options().timeout(patience() / 6);
    options.join("memory://disagreeing", dir.join("state")).unwrap()
}

/// Such a server misleads a machine for a moment, and not for ever; nothing that was acknowledged is lost by that.
#[test]
fn machines_agree_though_servers_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let states = ["near", "far"].map(|name| join(&dir.path().join(name)));
    let server = server("disagreeing");
    let (mut acknowledged, mut in_doubt) = (0, 0);
    let mut count = |state: &ClusterState<[u64; 4]>| match state.update(|s| s[0] += 1) {
        Ok(()) => acknowledged += 1,
        // It took all of the state.
        Err(Error::InDoubt { .. }) => in_doubt += 1,
        Err(Error::Disconnected { .. } | Error::Conflict { .. }) => {}
        Err(e) => panic!("{e}"),
    };
    for round in 0..60 {
        if round % 5 == 0 {
            // Each machine finds another server, which may be the same.
            server.disconnect();
        }
        server.disagree_on_next();
        count(&states[round % 2]);
        // On what it has got, or after that has shown.
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
    // A machine that comes late reads it from the same servers.
    let late = join(&dir.path().join("late"));
    eventually("the same", || late.read(|s| *s).unwrap() == newest);
    assert_eq!(late.update(|s| *s).unwrap(), newest);
}
