//! Flips bytes of a region's file, and opens it: an error, or the right content, but nothing worse.

use crate::say;
use shmstate::{ErrorKind, State};
use shmstate_tests::World;
use std::fs;

/// Spoils each byte from `from` to `to` in several ways.
pub fn flip(file: &str, from: usize, to: usize) {
    let good = fs::read(file).expect("a region");
    let spoilt = format!("{file}.spoilt");
    let (mut refused, mut taken, mut differing) = (0, 0, 0);
    for at in from..to.min(good.len()) {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= mask;
            fs::write(&spoilt, &bytes).expect("a spoilt region");
            fs::set_permissions(&spoilt, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its mode");
            // Should this process crash, the test says where.
            say(&format!("at {at} ^ {mask:#x}"));
            let options = State::<World>::options().timeout(std::time::Duration::from_secs(5));
            match options.open(&spoilt) {
                Err(e) => {
                    let sane = matches!(
                        e.kind(),
                        ErrorKind::Corrupt | ErrorKind::UnknownFormat | ErrorKind::LayoutMismatch | ErrorKind::Rebooted
                    );
                    assert!(sane, "byte {at} ^ {mask:#x}: {:?}: {e}", e.kind());
                    assert!(fs::read(&spoilt).expect("the file") == bytes, "byte {at}: a refused file was written");
                    refused += 1;
                }
                Ok(state) => {
                    // What is no content may be forgotten; what is, is as it was, or is as the file says.
                    let steps = state.read(|s| s.steps).expect("a read");
                    let seen = state.snapshot().expect("a snapshot");
                    if *seen != *World::at(seen.steps.min(1000)) {
                        differing += 1;
                    }
                    state.update(|s| s.counts[0] += 1).expect("an update");
                    state.update(|s| s.counts[0] -= 1).expect("an update");
                    assert!(*state.snapshot().expect("a snapshot") == *seen, "byte {at}: an update and its reverse");
                    assert_eq!(steps, seen.steps);
                    taken += 1;
                }
            }
        }
    }
    let _ = fs::remove_file(&spoilt);
    say(&format!("refused {refused} taken {taken} differing {differing}"));
}
