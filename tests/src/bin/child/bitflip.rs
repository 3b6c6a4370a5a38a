//! Flips bytes of a region's file, and opens it: an error, or the right content, but nothing worse.

use crate::say;
use shmstate::{ErrorKind, State};
use shmstate_tests::{Fixture, PATIENCE, Rng};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use xxhash_rust::xxh3::xxh3_64;

/// Opens a file of these bytes. Either it is refused, for a reason that makes sense, and is not written; or it has the
/// right content, and works.
fn try_open(path: &str, bytes: &[u8], right: &Fixture) -> Option<ErrorKind> {
    fs::write(path, bytes).expect("a spoilt region");
    fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("its mode");
    match State::<Fixture>::options().timeout(PATIENCE).open(path) {
        Err(e) => {
            let kind = e.kind();
            let sane = matches!(
                kind,
                ErrorKind::Corrupt
                    | ErrorKind::UnknownFormat
                    | ErrorKind::LayoutMismatch
                    | ErrorKind::Rebooted
                    | ErrorKind::Retired
            );
            assert!(sane, "{kind:?}: {e}");
            assert!(fs::read(path).expect("the file") == bytes, "a refused file was written");
            Some(kind)
        }
        Ok(state) => {
            assert!(state.read(|s| s == right).expect("a read"), "other content");
            for _ in 0..3 {
                state.update(|s| s.left.clear()).expect("an update");
                state.update(|s| s.clone_from(right)).expect("an update");
                assert!(*state.snapshot().expect("a snapshot") == *right, "an update went wrong");
            }
            None
        }
    }
}

/// Puts the right checksum over a spoilt header.
fn seal(bytes: &mut [u8]) {
    let sum = xxh3_64(&bytes[24..256]);
    bytes[16..24].copy_from_slice(&sum.to_ne_bytes());
}

fn word(bytes: &[u8], at: usize) -> usize {
    u64::from_ne_bytes(bytes[at..at + 8].try_into().expect("eight bytes")) as usize
}

/// As [`flip`] for header and schema, but by an attacker that knows the checksums.
pub fn forge(file: &str) {
    let good = fs::read(file).expect("a region");
    let spoilt = format!("{file}.forged");
    let right = State::<Fixture>::open(file).expect("a region").snapshot().expect("a snapshot");
    let (schema, schema_len, schema_sum) = (word(&good, 152), word(&good, 104), 112);
    let mut kinds = std::collections::BTreeMap::<String, u64>::new();
    let places = (24..256).chain(schema..schema + schema_len);
    for at in places {
        for value in [0x00, 0x01, 0x7f, 0x80, 0xff, good[at].wrapping_add(1), good[at].wrapping_sub(1)] {
            let mut bytes = good.clone();
            bytes[at] = value;
            if at >= 256 {
                let sum = xxh3_64(&bytes[schema..schema + schema_len]);
                bytes[schema_sum..schema_sum + 8].copy_from_slice(&sum.to_ne_bytes());
            }
            seal(&mut bytes);
            say(&format!("at {at} = {value:#x}"));
            let kind = try_open(&spoilt, &bytes, &right);
            *kinds.entry(kind.map_or("taken".into(), |kind| format!("{kind:?}"))).or_default() += 1;
        }
    }
    let _ = fs::remove_file(&spoilt);
    say(&format!("{kinds:?}"));
}

/// Fills what is neither identity nor content with noise, but for what names the active copy.
pub fn garble(file: &str, rounds: u64) {
    let good = fs::read(file).expect("a region");
    let spoilt = format!("{file}.garbled");
    let right = State::<Fixture>::open(file).expect("a region").snapshot().expect("a snapshot");
    let (lines, pages, schema, images) = (word(&good, 136), word(&good, 144), word(&good, 152), word(&good, 160));
    let active = good[320] as usize;
    let line = lines + active * 64;
    let mut rng = Rng::new(1);
    for round in 0..rounds {
        let mut bytes = good.clone();
        let noise = rng.any();
        for (at, byte) in bytes.iter_mut().enumerate().take(schema).skip(256) {
            // The word `active`, and the version of the copy that it names.
            let kept = (320..328).contains(&at) || (line + 8..line + 16).contains(&at);
            if !kept {
                *byte = if noise.is_multiple_of(3) { 0xff } else { rng.any() as u8 };
            }
        }
        // What the other copies hold is of no account either.
        for copy in (0..3).filter(|&copy| copy != active) {
            let start = images + copy * word(&good, 168);
            bytes[start..start + size_of::<Fixture>()].fill(0xff);
        }
        assert!(pages > lines);
        say(&format!("round {round}"));
        let kind = try_open(&spoilt, &bytes, &right);
        assert_eq!(kind, None, "round {round}");
    }
    let _ = fs::remove_file(&spoilt);
    say("done");
}

/// Spoils each byte from `from` to `to` in several ways.
pub fn flip(file: &str, from: usize, to: usize) {
    let good = fs::read(file).expect("a region");
    let spoilt = format!("{file}.spoilt.{from}");
    let right = State::<Fixture>::open(file).expect("a region").snapshot().expect("a snapshot");
    let (mut refused, mut taken) = (0, 0);
    for at in from..to.min(good.len()) {
        for mask in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= mask;
            // Should this process crash, the test says where.
            say(&format!("at {at} ^ {mask:#x}"));
            match try_open(&spoilt, &bytes, &right) {
                Some(_) => refused += 1,
                None => taken += 1,
            }
        }
    }
    let _ = fs::remove_file(&spoilt);
    say(&format!("refused {refused} taken {taken}"));
}
