//! The check of histories finds what it has to find.

use shmstate_tests::history::History;
use shmstate_tests::{Entry, Kind};

const DIGESTS: [u64; 4] = [10, 11, 12, 13];

fn entry(kind: Kind, before: u64, after: u64, version: u64) -> Entry {
    Entry { kind, before, after, version, digest: DIGESTS.get(version as usize).copied().unwrap_or(1) }
}

fn violations(last: u64, deaths: u64, lives: &[Vec<Entry>]) -> String {
    History { first: 0, last, digests: &DIGESTS, lives, deaths }.violations().join("\n")
}

use Kind::{Open, Read, Snapshot, Update};

#[test]
fn what_can_be_is_no_violation() {
    let writer = vec![entry(Update, 1, 3, 1), entry(Update, 4, 8, 2), entry(Update, 9, 0, 0)];
    // Reads that overlap an update see it or do not; what is looked at in the same instant overlaps.
    let reader = vec![entry(Open, 1, 2, 0), entry(Read, 2, 3, 1), entry(Snapshot, 4, 5, 2), entry(Read, 8, 9, 2)];
    let other = vec![entry(Read, 1, 6, 0), entry(Read, 5, 8, 1)];
    assert_eq!(violations(2, 1, &[writer.clone(), reader.clone(), other.clone()]), "");
    // The one that was cut off may have made a version.
    assert_eq!(violations(3, 1, &[writer, reader, other]), "");
}

#[test]
fn each_kind_of_violation_is_found() {
    let update = |version| entry(Update, version * 10, version * 10 + 5, version);
    let cases = [
        ("after version 2", 2, vec![vec![update(1), update(2)], vec![entry(Read, 1, 90, 2), entry(Read, 2, 90, 1)]]),
        ("began after version 2", 2, vec![vec![update(1), update(2)], vec![entry(Read, 26, 27, 1)]]),
        ("began after version 2", 2, vec![vec![update(1)], vec![entry(Read, 1, 2, 2)], vec![update(2)]]),
        ("versions are 0 to 1", 1, vec![vec![update(1)], vec![entry(Read, 1, 2, 3)]]),
        ("also acknowledged", 1, vec![vec![update(1)], vec![update(1)]]),
        ("2 updates were acknowledged, and 1 ", 1, vec![vec![update(1)], vec![update(1)]]),
        ("it was there before", 1, vec![vec![update(0)]]),
        ("2 versions were made, 1 ", 2, vec![vec![update(1)]]),
        ("2 updates were cut off by 1 ", 0, vec![vec![entry(Update, 1, 0, 0)], vec![entry(Update, 1, 0, 0)]]),
        ("time goes back", 0, vec![vec![entry(Read, 2, 1, 0)]]),
        ("its content", 1, vec![vec![update(1)], vec![Entry { digest: 7, ..entry(Read, 1, 2, 0) }]]),
    ];
    for (symptom, last, lives) in cases {
        let found = violations(last, 1, &lives);
        assert!(found.contains(symptom), "wanted `{symptom}`, got `{found}`");
    }
}
