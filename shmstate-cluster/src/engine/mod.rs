//! What the cluster is built on: an ordered log that the engine replicates, and named contents for data that is too large for the log.
//!
//! The log decides everything. An entry is appended only if it follows the newest one. So all machines have the same entries in the same
//! order, whatever is lost, repeated or late. Contents are written before an entry names them, and never change.

#[cfg(feature = "etcd")]
mod etcd;
mod nats;
mod nats_contents;

use bytes::Bytes;
#[cfg(feature = "etcd")]
pub(crate) use etcd::Etcd;
pub(crate) use nats::Nats;
use std::fmt;
use std::future::Future;
use std::time::Duration;
use tokio::sync::mpsc;

/// What an engine reports when an operation fails. The operation may still have happened.
#[derive(Debug, Clone)]
pub(crate) struct Failed(pub(crate) String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failed {
    pub(crate) fn new(doing: &str) -> impl Fn(&dyn fmt::Display) -> Failed {
        move |e| Failed(format!("cannot {doing}: {e}"))
    }
}

/// How long an engine may take for a content of that size: ten seconds, and one more for each MiB.
pub(crate) fn patience(size: usize) -> Duration {
    Duration::from_secs(10 + (size >> 20) as u64)
}

/// What became of an entry that was to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It is in the log, on as many servers as the engine promises.
    Yes,
    /// The newest entry is not the one that the new entry was to follow.
    Conflict,
}

/// A connection to an engine, for one state. Entries are numbered from 1.
pub(crate) trait Engine: Clone + Send + Sync + 'static {
    /// Appends an entry, if the newest one is number `after`.
    fn append(&self, after: u64, entry: Bytes) -> impl Future<Output = Result<Appended, Failed>> + Send;

    /// The number of the newest entry, 0 if there is none. The answer may be slightly outdated.
    fn newest(&self) -> impl Future<Output = Result<u64, Failed>> + Send;

    /// The entry of that number, on which the servers agree; `None` if it is not kept.
    fn entry(&self, seq: u64) -> impl Future<Output = Result<Option<Bytes>, Failed>> + Send;

    /// Sends the entries after number `after`, each once and in order, and new ones as they come, until the receiver is dropped.
    /// It is an error if the connection is lost. The entries may come from a server that has something else than the others. If entries
    /// are not kept any more, the first one that is sent has a larger number.
    fn follow(&self, after: u64, to: mpsc::Sender<(u64, Bytes)>) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Forgets the entries up to that one.
    fn forget(&self, upto: u64) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Writes a content of a new name. If that is interrupted, a part of the content may exist.
    fn write(&self, name: &str, content: Bytes) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Reads the content of that name; `None` if there is none, or only a part of it.
    fn read(&self, name: &str) -> impl Future<Output = Result<Option<Bytes>, Failed>> + Send;

    /// The names of all contents, each with whether all of it is there. The answer may be slightly outdated.
    fn names(&self) -> impl Future<Output = Result<Vec<(String, bool)>, Failed>> + Send;

    /// Removes the content of that name, or what there is of it. Nothing is left.
    fn remove(&self, name: &str) -> impl Future<Output = Result<(), Failed>> + Send;

    /// Whether there is only one copy of the log, so that no server can have something else than the others.
    fn has_one_copy(&self) -> bool;

    /// The most bytes that an entry may have.
    fn largest(&self) -> usize;
}
