//! The engines themselves, on unmodified servers.

#[path = "../../tests/common/servers.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod servers;

use super::patience;
use crate::contents::{
    Wish, forget_before, remove_wish, snapshots, wishes, write_of_entry, write_snapshot, write_wish,
};
use crate::engine::{Engine, Nats};
use bytes::Bytes;
use std::future::Future;
use std::time::Duration;

/// Runs an asynchronous test, with a time limit.
fn run<R>(test: impl Future<Output = R>) -> R {
    crate::worker::runtime().unwrap().block_on(async { tokio::time::timeout(patience(), test).await.unwrap() })
}

/// Waits until the names of the contents are as expected.
async fn until_names(engine: &impl Engine, are: impl Fn(&[(String, bool)]) -> bool) {
    while !are(&engine.names().await.unwrap()) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A content that was begun and never finished does not exist for a reader, and is removed with those of its time.
async fn what_was_begun_goes(engine: &impl Engine) {
    let begun = "snapshot-00000000000000000005-0123456789abcdef";
    tokio::select! {
        biased;
        () = until_names(engine, |names| !names.is_empty()) => {}
        written = engine.write(begun, vec![7; 128 << 20].into()) => panic!("before it was seen: {written:?}"),
    }
    let whole = write_of_entry(engine, 5, vec![1; 300_000].into()).await.unwrap();
    let kept = write_snapshot(engine, 6, vec![2; 300_000].into()).await.unwrap().content;
    assert_eq!(engine.read(begun).await.unwrap(), None);
    assert_eq!(engine.read(&whole).await.unwrap(), Some(Bytes::from(vec![1; 300_000])));
    assert_eq!(engine.read(&kept).await.unwrap(), Some(Bytes::from(vec![2; 300_000])));
    assert_eq!(snapshots(engine).await.unwrap(), [(6, kept.clone())]);
    assert!(engine.names().await.unwrap().contains(&(begun.to_owned(), false)));
    until_names(engine, |names| names.len() == 3).await;
    // Parts that were on their way may arrive after the removal: they are removed the next time.
    loop {
        forget_before(engine, 6).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        if engine.names().await.unwrap() == [(kept.clone(), true)] {
            break;
        }
    }
    assert_eq!(engine.read(&whole).await.unwrap(), None);
    assert!(engine.read(&kept).await.unwrap().is_some());
}

/// A wish is a content without bytes.
async fn wishes_are_listed_until_they_are_removed(engine: &impl Engine) {
    let [older, newer] = [(5, u64::MAX), (6, 1)].map(|(after, machine)| Wish { after, machine });
    write_wish(engine, older).await.unwrap();
    write_wish(engine, newer).await.unwrap();
    assert_eq!(wishes(engine).await.unwrap(), [older, newer]);
    assert_eq!(snapshots(engine).await.unwrap(), []);
    remove_wish(engine, newer).await.unwrap();
    assert_eq!(wishes(engine).await.unwrap(), [older]);
    // A wish outlives the entries of its time.
    forget_before(engine, 100).await.unwrap();
    assert_eq!(wishes(engine).await.unwrap(), [older]);
}

#[test]
fn what_was_begun_goes_from_nats() {
    if !servers::has("nats-server") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = servers::Nats::start(dir.path());
    run(async {
        let engine = Nats::connect(&server.url(), "begun", 1).await.unwrap();
        what_was_begun_goes(&engine).await;
        // Nothing is left of the content.
        let context = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
        let stream = context.get_stream("shmstate_begun_contents").await.unwrap();
        let info = stream.get_info().await.unwrap();
        assert_eq!(info.state.subjects_count, 3, "{:?}", info.state);
        wishes_are_listed_until_they_are_removed(&Nats::connect(&server.url(), "wishes", 1).await.unwrap()).await;
    });
}

#[cfg(feature = "etcd")]
mod etcd {
    use super::*;
    use crate::engine::{Appended, Etcd};
    use tokio::sync::mpsc;

    #[test]
    fn what_was_begun_goes_from_etcd() {
        if !servers::has("etcd") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let server = servers::Etcd::start(dir.path());
        let address = format!("127.0.0.1:{}", server.port);
        run(async {
            what_was_begun_goes(&Etcd::connect(&address, "begun").await.unwrap()).await;
            wishes_are_listed_until_they_are_removed(&Etcd::connect(&address, "wishes").await.unwrap()).await;
        });
    }

    /// More entries come between the last read and the beginning of the watch than a client takes in one answer by default.
    #[test]
    fn entries_come_however_many_there_are() {
        if !servers::has("etcd") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let server = servers::Etcd::start(dir.path());
        let address = format!("127.0.0.1:{}", server.port);
        run(async {
            let engine = Etcd::connect(&address, "many").await.unwrap();
            let append = async |after: u64, len: usize| {
                let appended = engine.append(after, vec![after as u8; len].into()).await;
                assert_eq!(appended.unwrap(), Appended::Yes);
            };
            append(0, 10).await;
            append(1, 10).await;
            let (to, mut from) = mpsc::channel(1);
            let following = {
                let engine = engine.clone();
                tokio::spawn(async move { engine.follow(0, to).await })
            };
            while from.is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // The engine has read the log, and waits until the first entry is taken.
            for after in 2..12 {
                append(after, 900_000).await;
            }
            for seq in 1..=12 {
                let Some((came, bytes)) = from.recv().await else {
                    panic!("no entry {seq}: {:?}", following.await.unwrap());
                };
                assert_eq!((came, bytes[0]), (seq, (seq - 1) as u8));
            }
        });
    }
}
