//! Updates that fail: what they leave in the copies of one machine means nothing, and must not become a part of the state there.

use super::eventually;
use super::memory::server;
use crate::ClusterState;
use shmstate::{List, SharedLayout};
use std::path::Path;

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C, u64)]
enum Job {
    Empty,
    Words([u64; 10]),
    Many(List<u64, 2>),
}

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
struct Board {
    job: Job,
    list: List<u64, 8>,
}

fn join(dir: &Path) -> ClusterState<Board> {
    std::fs::create_dir_all(dir).unwrap();
    ClusterState::join("memory://taken-back", dir.join("state")).unwrap()
}

#[test]
fn what_was_taken_back_is_no_part_of_a_later_version() {
    let dir = tempfile::tempdir().unwrap();
    let [near, far] = ["near", "far"].map(|name| join(&dir.path().join(name)));
    let _ = server("taken-back");
    for n in 0..20 {
        // Often enough for all copies of the machine.
        for _ in 0..4 {
            let taken_back = near.try_update(|s| {
                s.list.push(77).unwrap();
                s.job = Job::Words([77; 10]);
                Err::<(), _>(())
            });
            assert!(taken_back.unwrap().is_err());
        }
        far.update(|s| {
            s.list.clear();
            s.job = Job::Many(List::new());
        })
        .unwrap();
        far.update(|s| {
            s.list.push(0).unwrap();
            s.job = Job::Words([0; 10]);
        })
        .unwrap();
        let expected = far.read(Clone::clone).unwrap();
        assert_eq!((expected.list[..].to_vec(), &expected.job), (vec![0], &Job::Words([0; 10])));
        eventually("the same", || near.read(|s| *s == expected).unwrap());
        // What updates of that machine begin with, in each copy.
        for _ in 0..4 {
            assert_eq!(near.update(|s| s.clone()).unwrap(), expected, "round {n}");
            assert!(near.read(|s| *s == expected).unwrap());
        }
    }
}
