//! The contents that a state has beside its log, and how the whole state is made from contents and log.

use crate::engine::{Engine, Failed};
use crate::entry::{self, Entry, Named, Pieces, What, Whole};
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long an entry that is in the log may take to arrive.
pub(crate) const ENTRY: Duration = Duration::from_secs(3);

/// What is wrong with an entry of another state.
pub(crate) const OF_ANOTHER: &str = "it is of another state";

/// The most entries that are on their way from the engine.
const QUEUE: usize = 256;

/// Why a state cannot be had from the cluster.
#[derive(Debug)]
pub(crate) enum ContentsError {
    /// The connection is lost; another attempt may succeed.
    Lost(Failed),
    /// What the cluster has is damaged.
    Damaged(String),
    /// An entry of the log is refused.
    Refused { entry: u64, why: String },
}

impl From<Failed> for ContentsError {
    fn from(failed: Failed) -> Self {
        ContentsError::Lost(failed)
    }
}

/// What a content is, and which entry it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// The state after that entry.
    Snapshot,
    /// The content of the entry after that one: its pieces, or all of the state.
    OfEntry,
    /// No content: a machine asks for a turn after that entry.
    Wish,
}

/// A name for a content that no other one has.
fn new_name(kind: Kind, seq: u64, nonce: u64) -> String {
    let kind = match kind {
        Kind::Snapshot => "snapshot",
        Kind::OfEntry => "entry",
        Kind::Wish => "wish",
    };
    format!("{kind}-{seq:020}-{nonce:016x}")
}

/// What a name says: the number at its end too.
fn parts(name: &str) -> Option<(Kind, u64, u64)> {
    let mut parts = name.split('-');
    let kind = match parts.next()? {
        "snapshot" => Kind::Snapshot,
        "entry" => Kind::OfEntry,
        "wish" => Kind::Wish,
        _ => return None,
    };
    Some((kind, parts.next()?.parse().ok()?, u64::from_str_radix(parts.next()?, 16).ok()?))
}

/// A random number.
pub(crate) fn nonce() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    // Each of these has keys of its own, from the system's random numbers.
    RandomState::new().hash_one(std::process::id())
}

/// Writes the content of the entry that is to follow number `after`.
pub(crate) async fn write_of_entry(engine: &impl Engine, after: u64, content: Bytes) -> Result<String, Failed> {
    let name = new_name(Kind::OfEntry, after, nonce());
    engine.write(&name, content).await?;
    Ok(name)
}

/// Writes the state after entry `seq`.
pub(crate) async fn write_snapshot(engine: &impl Engine, seq: u64, content: Bytes) -> Result<Named, Failed> {
    let content_name = new_name(Kind::Snapshot, seq, nonce());
    engine.write(&content_name, content).await?;
    Ok(Named { seq, content: content_name })
}

/// A machine that loses again and again asks for a turn. Older ones come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Wish {
    /// The newest entry that it had.
    pub(crate) after: u64,
    /// The number of the machine.
    pub(crate) machine: u64,
}

impl Wish {
    fn name(self) -> String {
        new_name(Kind::Wish, self.after, self.machine)
    }
}

/// Writes a wish.
pub(crate) async fn write_wish(engine: &impl Engine, wish: Wish) -> Result<(), Failed> {
    engine.write(&wish.name(), Bytes::new()).await
}

/// Removes a wish.
pub(crate) async fn remove_wish(engine: &impl Engine, wish: Wish) -> Result<(), Failed> {
    engine.remove(&wish.name()).await
}

/// All wishes.
pub(crate) async fn wishes(engine: &impl Engine) -> Result<Vec<Wish>, Failed> {
    let names = engine.names().await?;
    let parts = names.iter().filter_map(|(name, _)| parts(name)).filter(|(kind, ..)| *kind == Kind::Wish);
    Ok(parts.map(|(_, after, machine)| Wish { after, machine }).collect())
}

/// Forgets what no machine needs if it begins with the snapshot after entry `seq`, or with a newer one. Wishes stay: a log may be so fast that
/// this comes before the next look for them.
pub(crate) async fn forget_before(engine: &impl Engine, seq: u64) -> Result<(), Failed> {
    // Entry `seq` stays: a machine that begins with the snapshot compares its digest.
    engine.forget(seq.saturating_sub(1)).await?;
    // This removes even a content that is being written: an entry that is to name it would have to follow an old entry, or name a
    // snapshot that no machine needs.
    for (name, _) in engine.names().await? {
        if parts(&name).is_some_and(|(kind, of, _)| kind != Kind::Wish && of < seq) {
            engine.remove(&name).await?;
        }
    }
    Ok(())
}

/// Checks that the servers agree on entries with those digests.
///
/// The log is read from any one server that has a copy, and the copy of a faulty server may be wrong. If an entry does not follow the one
/// before it, either the copy is wrong, or the entry's machine has not noticed yet what the servers have lost.
pub(crate) async fn agreed(engine: &impl Engine, entries: impl IntoIterator<Item = (u64, u64)>) -> Result<(), Failed> {
    if engine.has_one_copy() {
        return Ok(());
    }
    for (seq, digest) in entries.into_iter().filter(|(seq, _)| *seq > 0) {
        let agreed = tokio::time::timeout(ENTRY, engine.entry(seq)).await;
        let agreed = agreed.map_err(|_| Failed("the engine has not answered".into()))??;
        if agreed.is_none_or(|entry| entry::digest(&entry) != digest) {
            let why = format!("entry {seq} of the log came as one that the servers do not agree on");
            return Err(Failed(why));
        }
    }
    Ok(())
}

/// Reads a content that an entry names.
async fn read(engine: &impl Engine, seq: u64, name: &str) -> Result<Bytes, ContentsError> {
    if let Some(content) = engine.read(name).await? {
        return Ok(content);
    }
    // The content is written before its entry, and removed after it.
    match engine.entry(seq).await? {
        Some(_) => Err(ContentsError::Damaged(format!("the content `{name}` that it names is not there"))),
        None => Err(ContentsError::Lost(Failed(
            "entries are not kept any more: a newer snapshot has taken over from them".into(),
        ))),
    }
}

/// The pieces of an entry, or a whole state.
pub(crate) enum Resolved {
    Pieces(Pieces),
    Whole(Whole),
}

/// What an entry does, with the content that it names.
pub(crate) async fn resolve(engine: &impl Engine, seq: u64, what: What) -> Result<Resolved, ContentsError> {
    match what {
        What::Change { pieces, .. } => Ok(Resolved::Pieces(pieces)),
        What::Large { content } => {
            let pieces = Pieces::from_content(read(engine, seq, &content).await?);
            pieces.map(Resolved::Pieces).map_err(ContentsError::Damaged)
        }
        What::Whole { content } => {
            let whole = Whole::from_bytes(read(engine, seq, &content).await?);
            whole.map(Resolved::Whole).map_err(ContentsError::Damaged)
        }
    }
}

/// The entries of the log after a number, as they arrive.
pub(crate) struct Tail {
    entries: mpsc::Receiver<(u64, Bytes)>,
    task: JoinHandle<Result<(), Failed>>,
}

impl Tail {
    pub(crate) fn after<E: Engine>(engine: &E, after: u64) -> Tail {
        let (to, entries) = mpsc::channel(QUEUE);
        let engine = engine.clone();
        Tail { entries, task: tokio::spawn(async move { engine.follow(after, to).await }) }
    }

    /// The next entry. The future can be cancelled.
    pub(crate) async fn next(&mut self) -> Result<Next, ContentsError> {
        match self.entries.recv().await {
            Some((seq, bytes)) => Ok(Next::new(seq, bytes)),
            None => match (&mut self.task).await {
                Ok(Err(failed)) => Err(failed.into()),
                _ => Err(Failed("the stream has ended".into()).into()),
            },
        }
    }

    /// The next entry, if it has arrived already.
    pub(crate) fn next_at_once(&mut self) -> Option<Next> {
        let (seq, bytes) = self.entries.try_recv().ok()?;
        Some(Next::new(seq, bytes))
    }

    /// The next entry, which is in the log already: an error if it does not arrive soon.
    pub(crate) async fn next_soon(&mut self) -> Result<Next, ContentsError> {
        let late = |_| ContentsError::Lost(Failed("an entry that is in the log has not come".into()));
        tokio::time::timeout(ENTRY, self.next()).await.map_err(late)?
    }
}

/// An entry of the log, or why it is none, with its number and digest.
pub(crate) struct Next {
    pub(crate) seq: u64,
    pub(crate) digest: u64,
    pub(crate) entry: Result<Entry, String>,
}

impl Next {
    fn new(seq: u64, bytes: Bytes) -> Next {
        Next { seq, digest: entry::digest(&bytes), entry: Entry::from_bytes(bytes) }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// All of a state, after an entry with that digest.
pub(crate) struct Loaded {
    /// The entry of the snapshot that it was made of; 0 if there is none.
    pub(crate) first: u64,
    pub(crate) seq: u64,
    pub(crate) digest: u64,
    pub(crate) whole: Whole,
}

/// The numbers and names of all complete snapshots, the newest one first.
pub(crate) async fn snapshots(engine: &impl Engine) -> Result<Vec<(u64, String)>, ContentsError> {
    let names = engine.names().await?;
    let mut snapshots: Vec<(u64, String)> = names
        .into_iter()
        .filter_map(|(name, is_whole)| is_whole.then_some(name))
        .filter_map(|name| parts(&name).filter(|(kind, ..)| *kind == Kind::Snapshot).map(|(_, seq, _)| (seq, name)))
        .collect();
    snapshots.sort_unstable_by(|a, b| b.cmp(a));
    Ok(snapshots)
}

/// The newest snapshot, of entry `newest` or an older one. `None` if there is none; then the log begins with the whole state.
async fn newest_snapshot(engine: &impl Engine, newest: u64) -> Result<Option<(u64, Whole)>, ContentsError> {
    for (seq, name) in snapshots(engine).await? {
        // A damaged snapshot does not count: the one before it is still there.
        if seq <= newest
            && let Some(content) = engine.read(&name).await?
            && let Ok(whole) = Whole::from_bytes(content)
        {
            return Ok(Some((seq, whole)));
        }
    }
    Ok(None)
}

/// The state after entry `newest`, which the log has, without entry `pass_over`.
///
/// If an entry makes no sense, a later one may have all of the state.
pub(crate) async fn load(engine: &impl Engine, newest: u64, pass_over: u64) -> Result<Loaded, ContentsError> {
    let snapshot = newest_snapshot(engine, newest).await?;
    let first = snapshot.as_ref().map_or(1, |(seq, _)| *seq);
    // The tail starts with the entry of the snapshot, whose digest says what the next entry follows.
    let mut tail = Tail::after(engine, first.saturating_sub(1));
    let (mut seq, mut digest) = (first.saturating_sub(1), 0);
    let has_snapshot = snapshot.is_some();
    let mut loaded = snapshot.map(|(_, whole)| whole).ok_or_else(|| refusal(first, "it is not all of a state".into()));
    while seq < newest {
        let next = tail.next_soon().await?;
        if next.seq != seq + 1 {
            return Err(Failed("entries are missing: a newer snapshot has taken over from them".into()).into());
        }
        seq = next.seq;
        let before = std::mem::replace(&mut digest, next.digest);
        if seq == first && has_snapshot || seq == pass_over {
            continue;
        }
        let entry = match next.entry {
            Ok(entry) => entry,
            Err(why) => {
                loaded = loaded.and(Err(refusal(seq, why)));
                continue;
            }
        };
        if loaded.as_ref().is_ok_and(|whole| whole.cluster != entry.cluster) {
            loaded = Err(refusal(seq, OF_ANOTHER.into()));
            continue;
        }
        if seq > first && entry.before != before {
            // It is from a machine that has other entries: no machine applies it.
            agreed(engine, [(seq - 1, before), (seq, digest)]).await?;
            continue;
        }
        let cluster = entry.cluster;
        match resolve(engine, seq, entry.what).await {
            Ok(Resolved::Whole(whole)) => loaded = Ok(Whole { cluster, ..whole }),
            Ok(Resolved::Pieces(pieces)) => {
                if let Ok(whole) = &mut loaded {
                    let mut bytes = Vec::from(std::mem::take(&mut whole.bytes));
                    match pieces.write_into(&mut bytes) {
                        Ok(()) => whole.bytes = bytes.into(),
                        Err(why) => loaded = Err(refusal(seq, why)),
                    }
                }
            }
            Err(ContentsError::Damaged(why)) => loaded = loaded.and(Err(refusal(seq, why))),
            Err(e) => return Err(e),
        }
    }
    Ok(Loaded { first: if has_snapshot { first } else { 0 }, seq, digest, whole: loaded? })
}

fn refusal(entry: u64, why: String) -> ContentsError {
    ContentsError::Refused { entry, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_is_of() {
        for (kind, seq) in [(Kind::Snapshot, 7), (Kind::OfEntry, u64::MAX), (Kind::Wish, 1)] {
            let nonce = nonce();
            assert_eq!(parts(&new_name(kind, seq, nonce)), Some((kind, seq, nonce)));
        }
        assert!(new_name(Kind::Snapshot, 9, 0) < new_name(Kind::Snapshot, 10, 0));
        let nothing = ["other", "other-1-1", "snapshot-x-1", "snapshot-1-x", "entry", "entry-1"];
        assert_eq!(nothing.map(parts), [None; 6]);
    }
}
