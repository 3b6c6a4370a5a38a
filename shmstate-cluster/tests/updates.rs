//! Updates of several machines, each of which is a directory with regions of its own.

mod common;

use common::{Nats, eventually, has, join, options};
use shmstate::dynamic::DynState;
use shmstate::{List, Map, SharedLayout};
use shmstate_cluster::{ClusterState, Error};
use std::path::Path;

#[derive(SharedLayout)]
#[repr(C)]
struct Board {
    total: u64,
    each: [u64; 4],
    order: List<u8, 20_000>,
    map: Map<u64, u64, 256>,
}

fn content(dir: &Path) -> String {
    DynState::open(dir.join("state")).unwrap().to_json("").unwrap()
}

fn count(state: &ClusterState<Board>, me: usize) {
    state
        .update(|s| {
            s.total += 1;
            s.each[me] += 1;
            s.order.push(me as u8).unwrap();
            let n = s.map.get(&(s.total % 200)).copied().unwrap_or(0);
            s.map.insert(s.total % 200, n + 1).unwrap();
        })
        .unwrap();
}

#[test]
fn machines_have_the_same_state() {
    if !has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start(dir.path());
    let dirs = [0, 1, 2].map(|n| dir.path().join(format!("machine-{n}")));
    let machines = [0, 1, 2].map(|n| join::<Board>(&server.url(), &dirs[n]));
    // Two handles on the first machine, as of two processes.
    let second = join::<Board>(&server.url(), &dirs[0]);
    std::thread::scope(|scope| {
        for (me, state) in machines.iter().chain([&second]).enumerate() {
            scope.spawn(move || (0..100).for_each(|_| count(state, me)));
        }
    });
    for state in &machines {
        eventually("all updates", || state.read(|s| s.total).unwrap() == 400);
        state.read(|s| assert_eq!((s.each, s.order.len()), ([100; 4], 400))).unwrap();
    }
    assert!(dirs.iter().all(|dir| content(dir) == content(&dirs[0])));
    // One that comes late has it as well.
    let late = join::<Board>(&server.url(), &dir.path().join("late"));
    eventually("all updates", || late.read(|s| s.total).unwrap() == 400);
    count(&late, 3);
    eventually("one more", || second.read(|s| s.total).unwrap() == 401);
    assert_eq!(content(&dir.path().join("late")), content(&dirs[0]));
}

#[test]
fn what_is_rolled_back_has_not_happened() {
    if !has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start(dir.path());
    let init = |s: &mut Board| s.total = 5;
    let state: ClusterState<Board> = options().init(init).join(server.url(), dir.path().join("state")).unwrap();
    let refused = state.try_update(|s| {
        s.total += 1;
        Err::<(), _>(s.total)
    });
    assert_eq!(refused.unwrap(), Err(6));
    let panicked = std::panic::catch_unwind(|| {
        state.update(|s| {
            s.total = 0;
            panic!("no");
        })
    });
    assert!(panicked.is_err());
    assert_eq!(state.update(|s| s.total).unwrap(), 5);
    let other = dir.path().join("other");
    assert_eq!(join::<Board>(&server.url(), &other).read(|s| s.total).unwrap(), 5);
    drop(state);
    // The region is not removed with the last handle; the next one goes on with it.
    let state: ClusterState<Board> = join(&server.url(), dir.path());
    assert_eq!(state.update(|s| s.total).unwrap(), 5);
}

#[test]
fn names_and_urls_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let join = |url: &str, name: &str| ClusterState::<u64>::join(url, dir.path().join(name)).unwrap_err();
    assert!(matches!(join("nats://127.0.0.1:1", "a.b"), Error::InvalidOption(why) if why.contains("options().name")));
    assert!(matches!(join("redis://127.0.0.1:1", "ab"), Error::InvalidOption(why) if why.contains("nats://host:4222")));
    let refused = join("nats://127.0.0.1:1", "ab");
    assert!(matches!(&refused, Error::Disconnected { since: None, .. }), "{refused}");
    assert!(refused.to_string().contains("Nothing has happened"), "{refused}");
    // Nothing of it stands in the way of a second attempt.
    assert!(!dir.path().join("ab").exists());
}

#[test]
fn a_url_may_have_a_password_that_nothing_shows() {
    if !has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Nats::start_with(dir.path(), "authorization { user: me, password: hidden }\n");
    let url = format!("nats://me:hidden@127.0.0.1:{}", server.port);
    let state: ClusterState<u64> = join(&url, &dir.path().join("machine"));
    assert_eq!(state.update(|n| std::mem::replace(n, 1)).unwrap(), 0);
    assert!(!format!("{state:?}").contains("hidden"));
    let options = ClusterState::<u64>::options().timeout(std::time::Duration::from_millis(300));
    let refused =
        options.join(format!("nats://me:other@127.0.0.1:{}", server.port), dir.path().join("other")).unwrap_err();
    assert!(matches!(&refused, Error::Disconnected { .. }) && !refused.to_string().contains("other@"), "{refused}");
}
