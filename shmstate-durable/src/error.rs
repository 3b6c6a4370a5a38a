//! What can go wrong, and what to do.

use shmstate::ErrorKind;
use std::io;
use std::path::{Path, PathBuf};

/// What can go wrong with a durable state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The region: see [`shmstate::Error`].
    #[error(transparent)]
    State(#[from] shmstate::Error),
    /// The options cannot be met.
    #[error("{0}")]
    InvalidOption(String),
    /// The operating system, or the engine, reports an error about a file.
    #[error("`{path}`: cannot {doing} the store: {why}")]
    Store {
        /// The store.
        path: PathBuf,
        /// What failed.
        doing: &'static str,
        /// What the engine or the system says.
        why: String,
    },
    /// Another process, or a forked child of a process, has the store open.
    #[error(
        "`{path}`: another process has the store open: the elected one of the processes that use the state, or a command; a state that \
         runs is backed up by `DurableState::backup` or `shmstate backup NAME`, and a store is checked after its processes have ended"
    )]
    Held {
        /// The store.
        path: PathBuf,
    },
    /// The store is not there, or another file has its path.
    #[error("`{path}`: the store is not there: {hint}")]
    NoStore {
        /// The path at which it should be.
        path: PathBuf,
        /// What to do.
        hint: &'static str,
    },
    /// There is a file already at the path of a new store.
    #[error("`{path}`: there is a file already, and nothing was written: remove it, or choose another name")]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// The file is no store, or its content has changed since it was written.
    #[error("`{path}`: the store is damaged: {why}; nothing of it was used: restore a backup of it")]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The store, or a backup, has another layout than the program's type.
    #[error("the store `{path}` has another layout than the program; {hint}: {difference}")]
    Layout {
        /// The store.
        path: PathBuf,
        /// What to do.
        hint: &'static str,
        /// How the layouts differ, or what a migration would lose: a
        /// [`LayoutMismatch`](shmstate::ErrorKind::LayoutMismatch).
        #[source]
        difference: shmstate::Error,
    },
    /// The region and the store belong to different states.
    #[error(
        "`{region}` and the store `{store}` are of two states: {why}. Nothing was changed. To go on with what the store has, end the \
         processes that use the region and remove it (`shmstate rm`); to go on with the region, move the store away"
    )]
    Unrelated {
        /// The region's name.
        region: PathBuf,
        /// The store.
        store: PathBuf,
        /// How that is known.
        why: String,
    },
    /// The state is kept in another store.
    #[error("`{region}`: the state is kept in the store `{kept_in}`, not in `{store}`: open it with that directory")]
    OtherStore {
        /// The region's name.
        region: PathBuf,
        /// The store that was asked for.
        store: PathBuf,
        /// The store that it is kept in.
        kept_in: String,
    },
    /// Another process opens the state, and does not finish.
    #[error(
        "`{region}`: another process that opens or restores the state has not finished; wait, or give the options a longer `timeout`"
    )]
    Opening {
        /// The region's name.
        region: PathBuf,
    },
    /// The region of this handle is no longer written to the store.
    #[error(
        "`{region}`: what this handle changes is not kept any more: its region was removed, or replaced by one of another state; drop \
         the handle and open the state again"
    )]
    Detached {
        /// The region's name.
        region: PathBuf,
    },
    /// A version was committed, but it is not known to be on disk yet.
    #[error(
        "`{region}`: version {version} is committed, and not known to be on disk yet, where version {durable} is{why}"
    )]
    NotDurable {
        /// The region's name.
        region: PathBuf,
        /// The version that was waited for.
        version: u64,
        /// The version that is on disk.
        durable: u64,
        /// The last failure of the process that writes; empty if there is none.
        why: String,
    },
}

impl Error {
    /// What the operating system says of a store.
    pub(crate) fn io(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> Error {
        move |e| Error::Store { path: path.to_owned(), doing, why: format!("{e}{}", advice(&e)) }
    }

    /// This process may not open a store as it has to.
    pub(crate) fn not_allowed(path: &Path, e: &io::Error, needs: &str) -> Error {
        let why =
            format!("{e}: let the user of this process {needs} the file, and search the directories that lead to it");
        Error::Store { path: path.to_owned(), doing: "open", why }
    }

    /// What the engine says of a store.
    pub(crate) fn engine(path: &Path, doing: &'static str, e: impl Into<redb::Error>) -> Error {
        let path = path.to_owned();
        match e.into() {
            redb::Error::DatabaseAlreadyOpen => Error::Held { path },
            redb::Error::Corrupted(why) => Error::Damaged { path, why },
            redb::Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => {
                Error::Damaged { path, why: format!("it is no file of redb: {e}") }
            }
            redb::Error::Io(e) => Error::io(&path, doing)(e),
            e => Error::Store { path, doing, why: e.to_string() },
        }
    }

    /// The store has not its path any more, and the state is in use.
    pub(crate) fn removed(path: &Path) -> Error {
        let hint = "it was removed or replaced while the state was in use, and nothing is written to another file; the region still has all \
                    of the state: move the store back; or let all processes drop the state, and open it again, which writes it to the file \
                    that is there then, or to a new one";
        Error::NoStore { path: path.to_owned(), hint }
    }

    /// What is wrong with the content of a store, of which no region could be made.
    pub(crate) fn content(path: &Path, hint: &'static str) -> impl Fn(Error) -> Error {
        move |e| match e {
            Error::State(difference) if difference.kind() == ErrorKind::LayoutMismatch => {
                Error::Layout { path: path.to_owned(), hint, difference }
            }
            Error::State(e) if e.kind() == ErrorKind::Corrupt => {
                Error::damaged(path, format!("it holds no value of the program's type: {e}"))
            }
            e => e,
        }
    }

    /// The store holds what was not written there.
    pub(crate) fn damaged(path: &Path, why: impl Into<String>) -> Error {
        Error::Damaged { path: path.to_owned(), why: why.into() }
    }
}

/// What to do; empty where what the system says is enough.
fn advice(e: &io::Error) -> &'static str {
    match e.kind() {
        io::ErrorKind::ReadOnlyFilesystem => {
            ": its file system is mounted read-only: mount it for writing, or keep the store in another directory"
        }
        io::ErrorKind::FileTooLarge => ": raise the limit on the size of a file (`ulimit -f`)",
        _ => "",
    }
}
