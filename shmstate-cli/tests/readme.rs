//! What the README shows is what the program prints.

use shmstate::{List, SharedLayout, State, Text};

/// What the workers share.
#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    /// Rounds that are done.
    ticks: u64,
    owner: Text<32>,
    /// The latest ones.
    samples: List<f64, 1024>,
}

#[test]
fn the_session_is_a_real_one() {
    let dir = tempfile::tempdir().unwrap();
    let board = State::<Board>::create(dir.path().join("board")).unwrap();
    let filled = board.transact(|s| {
        s.ticks = 42;
        s.owner.set("me")?;
        s.samples.extend([0.5, 1.5]);
        Ok(())
    });
    filled.unwrap();
    trycmd::TestCases::new().env("SHMSTATE_DIR", dir.path().to_str().unwrap()).case("README.md").run();
}
