//! An engine in memory whose network loses, repeats and delays: `memory://NAME`, or `memory://NAME/MS` for a machine whose entries arrive that
//! many milliseconds late.

use crate::engine::{Appended, Engine, Failed};
use crate::entry::{self, Entry, Origin, Pieces, What};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// What all connections to a server share.
#[derive(Default)]
pub(crate) struct Server {
    kept: Mutex<Kept>,
    /// There is a new entry.
    changed: Notify,
}

#[derive(Default)]
struct Kept {
    /// Entries by their number.
    log: BTreeMap<u64, Bytes>,
    newest: u64,
    /// Contents by their names; `None` for a content that was never finished.
    contents: HashMap<String, Option<Bytes>>,
    /// Of 1000 calls, how many go wrong.
    trouble: u64,
    /// What has been sent and has not arrived yet: it may still arrive, or not.
    late: Vec<(u64, Bytes)>,
    /// Entries that are different on some of the servers.
    wrong: HashSet<u64>,
    /// How often all connections were lost.
    generation: u64,
}

static SERVERS: LazyLock<Mutex<HashMap<String, Arc<Server>>>> = LazyLock::new(Mutex::default);

/// The server of that name.
pub(crate) fn server(name: &str) -> Arc<Server> {
    Arc::clone(SERVERS.lock().unwrap().entry(name.to_owned()).or_default())
}

fn below(end: u64) -> u64 {
    RandomState::new().hash_one(0) % end
}

impl Kept {
    fn append(&mut self, after: u64, entry: &Bytes) -> Appended {
        if after != self.newest {
            return Appended::Conflict;
        }
        self.newest += 1;
        self.log.insert(self.newest, entry.clone());
        Appended::Yes
    }

    /// An entry as one of the servers has it.
    fn read_from(&self, is_wrong: bool, seq: u64, entry: &Bytes) -> Bytes {
        if !is_wrong || !self.wrong.contains(&seq) {
            return entry.clone();
        }
        let what = What::Change { pieces: Pieces::default(), snapshot: None };
        Entry { what, ..Entry::from_bytes(entry.clone()).unwrap() }.to_bytes()
    }

    fn goes_wrong(&self) -> bool {
        below(1000) < self.trouble
    }
}

impl Server {
    /// Of 1000 calls, that many go wrong from now on.
    pub(crate) fn trouble(&self, trouble: u64) {
        self.kept.lock().unwrap().trouble = trouble;
    }

    /// How many entries are kept, and how many contents.
    pub(crate) fn kept(&self) -> (usize, usize) {
        let kept = self.kept.lock().unwrap();
        (kept.log.len(), kept.contents.len())
    }

    /// The names of all contents.
    pub(crate) fn contents(&self) -> Vec<String> {
        self.kept.lock().unwrap().contents.keys().cloned().collect()
    }

    /// Loses all that it has.
    pub(crate) fn forget_everything(&self) {
        let mut kept = self.kept.lock().unwrap();
        *kept = Kept { generation: kept.generation + 1, ..Kept::default() };
    }

    /// Loses the newest entries, as a server may at a power failure, and all connections.
    pub(crate) fn lose_newest(&self, count: u64) {
        let mut kept = self.kept.lock().unwrap();
        kept.newest -= count;
        let newest = kept.newest;
        kept.log.retain(|seq, _| *seq <= newest);
        kept.late.clear();
        kept.generation += 1;
    }

    /// On half of the servers from which it is read, the next entry will be another one, which changes nothing.
    pub(crate) fn disagree_on_next(&self) {
        let mut kept = self.kept.lock().unwrap();
        let next = kept.newest + 1;
        kept.wrong.insert(next);
    }

    /// Loses all connections.
    pub(crate) fn disconnect(&self) {
        self.kept.lock().unwrap().generation += 1;
    }

    /// Appends an entry of any bytes.
    pub(crate) fn append(&self, entry: &'static [u8]) {
        let mut kept = self.kept.lock().unwrap();
        let newest = kept.newest;
        assert_eq!(kept.append(newest, &Bytes::from_static(entry)), Appended::Yes);
        drop(kept);
        self.changed.notify_waiters();
    }

    /// Appends an entry of another machine, which `make` makes from the newest one, with the right digest and checksum.
    pub(crate) fn forge(&self, make: impl FnOnce(Entry) -> Entry) -> u64 {
        let mut kept = self.kept.lock().unwrap();
        let (newest, entry) = kept.log.last_key_value().map(|(seq, entry)| (*seq, entry.clone())).unwrap();
        let before = entry::digest(&entry);
        let origin = Origin { machine: 1, upto: 1 };
        let forged = make(Entry { before, origin, ..Entry::from_bytes(entry).unwrap() });
        assert_eq!(kept.append(newest, &forged.to_bytes()), Appended::Yes);
        drop(kept);
        self.changed.notify_waiters();
        newest + 1
    }

    /// Adds a content.
    pub(crate) fn put(&self, name: &str, content: &'static [u8]) {
        self.kept.lock().unwrap().contents.insert(name.to_owned(), Some(Bytes::from_static(content)));
    }

    /// How many entries there have been.
    pub(crate) fn newest(&self) -> u64 {
        self.kept.lock().unwrap().newest
    }
}

/// A connection: with its generation, and how late entries arrive.
#[derive(Clone)]
pub(crate) struct Memory(Arc<Server>, u64, Duration);

impl Memory {
    pub(crate) async fn connect(name: &str) -> Result<Memory, Failed> {
        let (name, late) = name.split_once('/').unwrap_or((name, "0"));
        let server = server(name);
        let generation = {
            let kept = server.kept.lock().unwrap();
            if kept.goes_wrong() {
                return Err(Failed("no server".into()));
            }
            kept.generation
        };
        Ok(Memory(server, generation, Duration::from_millis(late.parse().unwrap())))
    }

    fn unless_it_goes_wrong<R>(&self, run: impl FnOnce(&mut Kept) -> R) -> Result<R, Failed> {
        let mut kept = self.0.kept.lock().unwrap();
        // Late entries may arrive at any time.
        while !kept.late.is_empty() && below(3) == 0 {
            let n = below(kept.late.len() as u64) as usize;
            let (after, entry) = kept.late.remove(n);
            kept.append(after, &entry);
            self.0.changed.notify_waiters();
        }
        let is_lost = kept.generation != self.1;
        if is_lost || kept.goes_wrong() { Err(Failed("it went wrong".into())) } else { Ok(run(&mut kept)) }
    }
}

impl Engine for Memory {
    async fn append(&self, after: u64, entry: Bytes) -> Result<Appended, Failed> {
        if below(2) == 0 {
            tokio::task::yield_now().await;
        }
        if !self.2.is_zero() {
            tokio::time::sleep(self.2).await;
        }
        let answer = self.unless_it_goes_wrong(|kept| kept.append(after, &entry));
        if answer.is_err() && self.0.kept.lock().unwrap().generation == self.1 {
            // The entry is late, or its answer was lost, or the entry was lost.
            let mut kept = self.0.kept.lock().unwrap();
            match below(3) {
                0 => kept.late.push((after, entry)),
                1 => _ = kept.append(after, &entry),
                _ => {}
            }
        }
        self.0.changed.notify_waiters();
        answer
    }

    async fn newest(&self) -> Result<u64, Failed> {
        // The answer may be slightly outdated.
        self.unless_it_goes_wrong(|kept| if below(4) == 0 { kept.newest.saturating_sub(1) } else { kept.newest })
    }

    async fn entry(&self, seq: u64) -> Result<Option<Bytes>, Failed> {
        self.unless_it_goes_wrong(|kept| kept.log.get(&seq).cloned())
    }

    async fn follow(&self, after: u64, to: mpsc::Sender<(u64, Bytes)>) -> Result<(), Failed> {
        // The entries come from any one of the servers.
        let (mut sent, is_wrong) = (after, below(2) == 0);
        loop {
            let changed = self.0.changed.notified();
            let next = {
                let kept = self.0.kept.lock().unwrap();
                if kept.generation != self.1 {
                    return Err(Failed("the connection was lost".into()));
                }
                kept.log.range(sent + 1..).next().map(|(seq, entry)| (*seq, kept.read_from(is_wrong, *seq, entry)))
            };
            match next {
                Some((seq, entry)) => {
                    // This fails more rarely than calls do, because there are many entries.
                    if below(10) == 0 {
                        self.unless_it_goes_wrong(|_| ())?;
                    }
                    if to.send((seq, entry)).await.is_err() {
                        return Ok(());
                    }
                    sent = seq;
                }
                None => _ = tokio::time::timeout(Duration::from_millis(10), changed).await,
            }
        }
    }

    async fn forget(&self, upto: u64) -> Result<(), Failed> {
        self.unless_it_goes_wrong(|kept| kept.log.retain(|seq, _| *seq > upto))
    }

    async fn write(&self, name: &str, content: Bytes) -> Result<(), Failed> {
        let written =
            self.unless_it_goes_wrong(|kept| _ = kept.contents.insert(name.to_owned(), Some(content.clone())));
        if written.is_err() {
            // A part of the content is there, or all of it and the answer was lost, or nothing.
            let mut kept = self.0.kept.lock().unwrap();
            match below(3) {
                0 => _ = kept.contents.insert(name.to_owned(), None),
                1 => _ = kept.contents.insert(name.to_owned(), Some(content)),
                _ => {}
            }
        }
        written
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>, Failed> {
        self.unless_it_goes_wrong(|kept| kept.contents.get(name).cloned().flatten())
    }

    async fn names(&self) -> Result<Vec<(String, bool)>, Failed> {
        self.unless_it_goes_wrong(|kept| kept.contents.iter().map(|(name, of)| (name.clone(), of.is_some())).collect())
    }

    async fn remove(&self, name: &str) -> Result<(), Failed> {
        self.unless_it_goes_wrong(|kept| _ = kept.contents.remove(name))
    }

    fn has_one_copy(&self) -> bool {
        false
    }

    fn largest(&self) -> usize {
        2000
    }
}
