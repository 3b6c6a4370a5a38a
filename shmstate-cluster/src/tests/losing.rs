//! A machine whose updates the others precede.

use super::patience;
use crate::{ClusterState, Error, Options};
use std::path::Path;

/// Options of a machine of a test.
fn options<'a>() -> Options<'a, u64> {
    ClusterState::options().timeout(patience())
}

/// Joins as the machine with that directory, which is created.
fn join(options: Options<'_, u64>, dir: &Path) -> ClusterState<u64> {
    std::fs::create_dir(dir).unwrap();
    options.join("memory://losing", dir.join("state")).unwrap()
}

#[test]
fn an_update_is_tried_as_often_as_its_time_allows() {
    let dir = tempfile::tempdir().unwrap();
    let other = join(options(), &dir.path().join("other"));
    // The state has not seen the other machine's update when it makes its own.
    let lose = |state: &ClusterState<u64>, losses: u64| {
        let mut runs = 0;
        let result = state.update(|n| {
            runs += 1;
            if runs <= losses {
                other.update(|n| *n += 1).unwrap();
            }
            *n += 1000;
        });
        (result, runs)
    };

    let patient = join(options(), &dir.path().join("patient"));
    let (result, runs) = lose(&patient, 120);
    result.unwrap();
    assert_eq!((runs, patient.read(|n| *n).unwrap()), (121, 1120));

    let hasty = join(options().tries(3), &dir.path().join("hasty"));
    let (result, runs) = lose(&hasty, 120);
    assert!(matches!(result, Err(Error::Conflict { tries: 3, .. })));
    assert_eq!((runs, other.update(|n| *n).unwrap()), (3, 1123));
}
