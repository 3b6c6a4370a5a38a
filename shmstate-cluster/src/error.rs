//! What can go wrong, and what to do.

use shmstate::Timestamp;
use std::path::PathBuf;
use std::time::SystemTime;

/// What can go wrong with a replicated state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The region of this machine: see [`shmstate::Error`].
    #[error(transparent)]
    State(#[from] shmstate::Error),
    /// The options cannot be met.
    #[error("{0}")]
    InvalidOption(String),
    /// The link of this machine to the cluster is lost.
    #[error(
        "the state `{name}` is not connected to its cluster{}: {why}. Nothing has happened; reads go on with what this machine has. \
         Check the servers and the URL, and try again",
        .since.map(ago).unwrap_or_default()
    )]
    Disconnected {
        /// The state's name.
        name: String,
        /// When this machine last knew that it had the newest version; `None` if it never did.
        since: Option<Timestamp>,
        /// What the engine says.
        why: String,
    },
    /// An update was under way at its timeout, and it is not known yet whether the cluster has committed it.
    #[error(
        "the state `{name}`: it is not known yet whether the cluster has this update: its time was up, or the link was lost, while it was \
         under way. It has happened as a whole, or will, or not at all: read the state once it is connected again, before the update is repeated"
    )]
    InDoubt {
        /// The state's name.
        name: String,
    },
    /// Other machines have committed first at each try.
    #[error(
        "the state `{name}`: other machines have committed first, {tries} times in a row. Nothing has happened; try again, or give \
         the options a longer `timeout`, or more `tries` if they limit these"
    )]
    Conflict {
        /// The state's name.
        name: String,
        /// How often the closure has run.
        tries: u32,
    },
    /// A newer program has changed the layout of the cluster's state.
    #[error(
        "the state `{name}`: another machine has changed the layout of the cluster's state: end the programs that use the old one on \
         this machine, run `shmstate_cluster::remove`, and start those that know the new one"
    )]
    Replaced {
        /// The state's name.
        name: String,
    },
    /// The regions of this machine belong to another state than the cluster's.
    #[error(
        "`{path}`: {why}. Nothing was changed. End the processes that use the region and remove it (`shmstate_cluster::remove`); it \
         is filled from the cluster then"
    )]
    Unrelated {
        /// The region.
        path: PathBuf,
        /// How that is known.
        why: String,
    },
    /// The state as the cluster keeps it has changed since it was written.
    #[error("the state `{name}`: what the cluster keeps of it is damaged: {why}; nothing of it was used")]
    Damaged {
        /// The state's name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// An entry of the cluster's log makes no sense for the state: another program or a fault has written it.
    #[error(
        "the state `{name}`: entry {entry} of the cluster's log cannot be a part of it: {why}. Nothing of it has happened on this \
         machine, nor of what follows; reads go on. If another machine has a newer program, update this one; or have all machines go on \
         without that entry, by joining on one of them with `options().pass_over({entry})`"
    )]
    Refused {
        /// The state's name.
        name: String,
        /// The number of the entry.
        entry: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The operating system reports an error.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What failed.
        doing: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
}

/// How long ago that was, as a message says it after "is not connected".
fn ago(since: Timestamp) -> String {
    let ago = SystemTime::from(since).elapsed().unwrap_or_default();
    format!(" (for {:.1} s)", ago.as_secs_f64())
}
