//! What a machine may find when it joins, and what it does with it.

use super::memory::server;
use super::{eventually, patience};
use crate::{ClusterState, Error};
use shmstate::{ErrorKind, Migrate, SharedLayout, State};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

#[derive(SharedLayout)]
#[repr(C)]
struct Old {
    count: u32,
    left: u32,
}

/// A layout with one more field, and a wider one.
mod new {
    use shmstate::SharedLayout;

    #[derive(SharedLayout)]
    #[repr(C)]
    pub(super) struct Old {
        pub(super) count: u64,
        pub(super) left: u32,
        pub(super) right: u32,
    }
}

fn try_join<T: SharedLayout>(name: &str, dir: &Path, migrates: bool) -> Result<ClusterState<T>, Error> {
    std::fs::create_dir_all(dir).unwrap();
    loop {
        let mut options = ClusterState::<T>::options().timeout(patience() / 6);
        if migrates {
            options = options.migrate(Migrate::Auto);
        }
        match options.join(format!("memory://{name}"), dir.join("state")) {
            // Another machine has committed while this one carried the state over.
            Err(Error::Conflict { .. }) => {}
            joined => return joined,
        }
    }
}

fn join<T: SharedLayout>(name: &str, dir: &Path) -> ClusterState<T> {
    try_join(name, dir, false).unwrap()
}

#[test]
fn another_layout_is_refused_or_carried_over() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(|name| dir.path().join(name));
    let old = join::<Old>("layouts", &first);
    old.update(|s| (s.count, s.left) = (7, 8)).unwrap();
    let refused = try_join::<new::Old>("layouts", &second, false).unwrap_err();
    let Error::State(refused) = refused else { panic!("{refused}") };
    assert_eq!(refused.kind(), ErrorKind::LayoutMismatch);
    assert!(refused.to_string().contains("right"), "{refused}");
    // Nothing has changed by that.
    old.update(|s| s.count += 1).unwrap();

    let new = try_join::<new::Old>("layouts", &second, true).unwrap();
    assert_eq!(new.read(|s| (s.count, s.left, s.right)).unwrap(), (8, 8, 0));
    new.update(|s| (s.count, s.right) = (1 << 40, 9)).unwrap();
    // Programs of the old layout can read what they had, and change nothing any more.
    let refused = old.update(|s| s.count += 1).unwrap_err();
    assert!(matches!(refused, Error::Replaced { .. }), "{refused}");
    assert_eq!(old.read(|s| s.count).unwrap(), 8);
    // Another machine of the new layout needs no migration.
    let other = join::<new::Old>("layouts", &third);
    assert_eq!(other.update(|s| (s.count, s.right)).unwrap(), (1 << 40, 9));
    // The first one, after its programs have ended.
    drop(old);
    assert!(crate::remove(first.join("state")).unwrap());
    assert_eq!(join::<new::Old>("layouts", &first).update(|s| s.count).unwrap(), 1 << 40);
}

#[test]
fn a_region_that_is_there_becomes_the_state_or_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
    for dir in [&first, &second] {
        std::fs::create_dir_all(dir).unwrap();
        State::<u64>::create(dir.join("state")).unwrap().update(|n| *n = 5).unwrap();
    }
    let state = join::<u64>("there", &first);
    assert_eq!(state.update(|n| std::mem::replace(n, 6)).unwrap(), 5);
    // The region of the other machine is unrelated to the cluster's state.
    let refused = try_join::<u64>("there", &second, false).unwrap_err();
    assert!(matches!(refused, Error::Unrelated { .. }), "{refused}");
    assert_eq!(State::<u64>::open(second.join("state")).unwrap().read(|n| *n).unwrap(), 5);
    assert!(crate::remove(second.join("state")).unwrap());
    assert!(!crate::remove(second.join("state")).unwrap());
    assert_eq!(join::<u64>("there", &second).read(|n| *n).unwrap(), 6);
}

#[test]
fn regions_of_a_cluster_that_was_made_anew_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let state = join::<u64>("anew", dir.path());
    for _ in 0..10 {
        state.update(|n| *n += 1).unwrap();
    }
    drop(state);
    server("anew").forget_everything();
    let state = ClusterState::<u64>::options().timeout(Duration::from_millis(500));
    let state = state.join("memory://anew", dir.path().join("state")).unwrap();
    // The state can be read, and says why it is not connected.
    assert_eq!(state.read(|n| *n).unwrap(), 10);
    let refused = state.update(|n| *n += 1).unwrap_err();
    assert!(matches!(&refused, Error::Disconnected { why, .. } if why.contains("made anew")), "{refused}");
    drop(state);
    crate::remove(dir.path().join("state")).unwrap();
    assert_eq!(join::<u64>("anew", dir.path()).update(|n| *n).unwrap(), 0);
}

#[test]
fn what_is_damaged_is_refused_and_nothing_of_it_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
    let state = join::<u64>("damaged", &first);
    state.update(|n| *n = 7).unwrap();
    // Two, because the engine may say that the last but one is the newest.
    (0..2).for_each(|_| server("damaged").append(b"no entry of this library"));
    let refused = try_join::<u64>("damaged", &second, false).unwrap_err();
    assert!(matches!(&refused, Error::Refused { entry: 3 | 4, why, .. } if why.contains("another form")), "{refused}");
    assert!(!second.join("state").exists());
    assert_eq!(state.read(|n| *n).unwrap(), 7);
}

/// A process that dies while it makes the regions leaves nothing that stands in the way.
#[test]
fn a_join_that_was_not_finished_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    let server = server("unfinished");
    let mut finished = 0;
    for round in 0..40 {
        let machine = dir.path().join(round.to_string());
        server.trouble(400);
        // It fails somewhere, or not.
        let early = ClusterState::<u64>::options().timeout(Duration::from_millis(50));
        std::fs::create_dir_all(&machine).unwrap();
        finished += usize::from(early.join("memory://unfinished", machine.join("state")).is_ok());
        server.trouble(0);
        let state = join::<u64>("unfinished", &machine);
        assert_eq!(state.update(|n| std::mem::replace(n, *n + 1)).unwrap(), round);
    }
    assert!(finished < 40, "none has failed");
}

/// What the servers have acknowledged and then lost is lost. All machines go on with what is left.
#[test]
fn machines_give_up_what_the_servers_have_lost() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(|name| dir.path().join(name));
    let states = [&first, &second].map(|dir| join::<[u64; 4]>("lossy", dir));
    for _ in 0..10 {
        states[0].update(|s| s[0] += 1).unwrap();
    }
    server("lossy").lose_newest(5);
    // A machine that has none of what was lost adds more entries than there were before.
    let other = join::<[u64; 4]>("lossy", &third);
    for _ in 0..20 {
        other.update(|s| s[1] += 1).unwrap();
    }
    let newest = other.update(|s| *s).unwrap();
    assert!(newest[0] < 10 && newest[1] == 20, "{newest:?}");
    for state in &states {
        eventually("the same", || state.read(|s| *s).unwrap() == newest);
    }
    states[0].update(|s| s[2] += 1).unwrap();
    assert_eq!(states[1].update(|s| *s).unwrap(), [newest[0], 20, 1, 0]);
}

/// If a closure decides to change nothing, it needs no second try, even after updates of other machines.
#[test]
fn a_refusal_is_not_undone_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
    let [near, far] = [&first, &second].map(|dir| join::<[u64; 4]>("refusals", dir));
    for n in 0..50 {
        far.update(|s| s[0] += 1).unwrap();
        let mut tries = 0;
        let refused = near.try_update(|s| {
            tries += 1;
            Err::<(), _>(s[1])
        });
        assert_eq!(refused.unwrap(), Err(n));
        assert!(tries < 20, "{tries}");
        near.update(|s| s[1] += 1).unwrap();
    }
}

/// All machines must agree on which fields are local, but not on comments.
#[test]
fn local_fields_are_a_part_of_the_layout_and_comments_are_not() {
    mod other {
        use shmstate::SharedLayout;
        /// Another comment.
        #[derive(SharedLayout)]
        #[repr(C)]
        pub(super) struct Old {
            /// Another one.
            pub(super) count: u32,
            pub(super) left: u32,
        }
    }
    mod local {
        use shmstate::SharedLayout;
        #[derive(SharedLayout)]
        #[repr(C)]
        pub(super) struct Old {
            pub(super) count: u32,
            #[shared(local)]
            pub(super) left: u32,
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let [first, second, third] = ["first", "second", "third"].map(|name| dir.path().join(name));
    let state = join::<Old>("locals", &first);
    state.update(|s| (s.count, s.left) = (1, 2)).unwrap();
    let other = join::<other::Old>("locals", &second);
    assert_eq!(other.update(|s| (s.count, s.left)).unwrap(), (1, 2));
    let refused = try_join::<local::Old>("locals", &third, false).unwrap_err();
    assert!(matches!(&refused, Error::InvalidOption(why) if why.contains("shared(local)")), "{refused}");
    assert!(!third.join("state").exists());
    // The others go on.
    state.update(|s| s.count += 1).unwrap();
    let local = try_join::<local::Old>("locals", &third, true).unwrap();
    local.update(|s| (s.count, s.left) = (9, 9)).unwrap();
    assert_eq!(local.read(|s| (s.count, s.left)).unwrap(), (9, 2));
    assert!(matches!(state.update(|s| s.count += 1).unwrap_err(), Error::Replaced { .. }));
}

/// A machine whose region becomes the cluster's state, and that did not learn of this, still recognises the state as its own.
#[test]
fn a_state_that_was_founded_unseen_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let mut failed = 0;
    for round in 0..60 {
        let name = format!("unseen-{round}");
        let machine = dir.path().join(&name);
        std::fs::create_dir_all(&machine).unwrap();
        State::<u64>::create(machine.join("state")).unwrap().update(|n| *n = 5).unwrap();
        server(&name).trouble(400);
        let early = ClusterState::<u64>::options().timeout(Duration::from_millis(20));
        failed += usize::from(early.join(format!("memory://{name}"), machine.join("state")).is_err());
        server(&name).trouble(0);
        assert_eq!(join::<u64>(&name, &machine).update(|n| std::mem::replace(n, 6)).unwrap(), 5);
    }
    assert!(failed > 10, "{failed}");
}

#[test]
fn a_region_that_cannot_be_used_is_filled_anew_as_the_error_says() {
    let dir = tempfile::tempdir().unwrap();
    let _server = server("unusable");
    let joined = try_join::<Old>("unusable", dir.path(), false).unwrap();
    joined.update(|s| s.count = 7).unwrap();
    let said = |e: Error, kind, parts: &[&str]| {
        let Error::State(e) = e else { panic!("{e}") };
        let text = e.to_string();
        assert_eq!(e.kind(), kind, "{text}");
        for part in parts.iter().chain(&["end the processes", "`shmstate_cluster::remove`"]) {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
        for part in ["open_or_replace", "State::<", "`remove` removes", "cargo feature"] {
            assert!(!text.contains(part), "{part:?} is in: {text}");
        }
    };
    let why = try_join::<new::Old>("unusable", dir.path(), false).unwrap_err();
    said(why, ErrorKind::LayoutMismatch, &["`ClusterState::options().migrate("]);
    drop(joined);
    for name in ["state", "state.ahead", "state.cluster"] {
        // Written in place: a thread that waited for the dropped state may still have the file mapped, so it must not be truncated.
        let file = std::fs::OpenOptions::new().read(true).write(true).open(dir.path().join(name)).unwrap();
        let mut byte = [0];
        file.read_exact_at(&mut byte, 40).unwrap();
        file.write_all_at(&[byte[0] ^ 0x55], 40).unwrap();
        said(try_join::<Old>("unusable", dir.path(), false).unwrap_err(), ErrorKind::Corrupt, &[name]);
        assert!(crate::remove(dir.path().join("state")).unwrap());
        drop(try_join::<Old>("unusable", dir.path(), false).unwrap());
    }
    assert_eq!(try_join::<Old>("unusable", dir.path(), false).unwrap().read(|s| s.count).unwrap(), 7);
}
