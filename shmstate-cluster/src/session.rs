//! One connection of a machine to its cluster, from its beginning to its end.
//!
//! A connection has at most one batch under way. The updates that the machine makes meanwhile become the next batch, so that the updates of
//! many processes travel together.

use crate::connect::connect;
use crate::contents::{self, ENTRY, Next, Tail, agreed};
use crate::end::End;
use crate::engine::{Appended, Engine, Failed, patience};
use crate::entry::{self, Entry, Named, Origin, Pieces, What};
use crate::identity::Identity;
use crate::incoming::Incoming;
use crate::replica::{Batch, NewEntries, Replica, Step};
use crate::turns::Turns;
use bytes::Bytes;
use shmstate::{SharedLayout, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// How often the engine is asked for its newest entry.
const LOOK: Duration = Duration::from_millis(500);

/// There may be a new snapshot after this many entries.
const ENTRIES: u64 = 1024;

/// The most entries that are taken over at a time.
const AT_ONCE: usize = 64;

/// A batch that was sent.
struct Sent {
    batch: Batch,
    /// The digest of its entry.
    digest: u64,
    /// The snapshot that it names.
    snapshot: Option<Named>,
}

/// A batch that is under way, and the task that waits for the answer and returns it with the digest of the entry.
struct Flight {
    sent: Sent,
    answer: JoinHandle<Result<(Appended, u64), Failed>>,
}

/// Waits for the result of a task, if there is one.
async fn of<R>(task: &mut Option<JoinHandle<R>>) -> Option<R> {
    match task {
        Some(running) => {
            let result = running.await.ok();
            *task = None;
            result
        }
        None => std::future::pending().await,
    }
}

/// One connection, from its beginning to its end.
pub(crate) struct Session<'s, 'a, T: SharedLayout, E: Engine> {
    incoming: Incoming<'s, T, E>,
    replica: &'s mut Replica<'a, T>,
    flight: Option<Flight>,
    /// A batch that was refused because another entry was first, and until when that entry has to come.
    refused: Option<(Sent, Instant)>,
    /// The entries of this machine that were acknowledged and have not come through the log yet, each with its digest.
    own: VecDeque<(u64, u64)>,
    /// Whether the servers agree on the newest entry that the state has: it was acknowledged, not only read from one server.
    is_agreed: bool,
    /// When the engine is next asked for its newest entry, and how many entries the state had if it lagged at the last look.
    next_look: Instant,
    behind: Option<u64>,
    turns: Turns<E>,
    /// Bytes of the log since the newest snapshot.
    bytes: usize,
    /// A snapshot that is being written, and one that the next batch names.
    writing: Option<JoinHandle<Result<Named, Failed>>>,
    written: Option<Named>,
    cleaning: Option<JoinHandle<Result<(), Failed>>>,
}

impl<'s, 'a, T: SharedLayout, E: Engine> Session<'s, 'a, T, E> {
    pub(crate) fn new(engine: E, identity: &'s Identity, replica: &'s mut Replica<'a, T>) -> Self {
        Session {
            turns: Turns::new(engine.clone(), identity.machine),
            incoming: Incoming::new(engine, identity),
            replica,
            flight: None,
            refused: None,
            own: VecDeque::new(),
            is_agreed: true,
            next_look: Instant::now() + LOOK,
            behind: None,
            bytes: 0,
            writing: None,
            written: None,
            cleaning: None,
        }
    }
}

impl<T: SharedLayout, E: Engine> Session<'_, '_, T, E> {
    /// Keeps this machine and the cluster at the same state, until the connection ends. The future can be dropped wherever it waits: it
    /// never waits in the middle of a change to the regions.
    pub(crate) async fn run(mut self) -> End {
        match connect(&self.incoming, self.replica).await {
            Ok(mut tail) => loop {
                match self.step(&mut tail).await {
                    Ok(()) => {}
                    Err(end) => return end,
                }
            },
            Err(end) => end,
        }
    }

    /// Waits for one event, and handles it.
    async fn step(&mut self, tail: &mut Tail) -> Result<(), End> {
        if self.may_send() {
            self.send()?;
        }
        let is_idle = self.may_send();
        let Session { flight, refused, turns, writing, cleaning, next_look, .. } = self;
        let answer = async {
            match flight {
                Some(flight) => (&mut flight.answer).await,
                None => std::future::pending().await,
            }
        };
        let late = async {
            match refused {
                Some((_, until)) => tokio::time::sleep_until(*until).await,
                None => std::future::pending().await,
            }
        };
        let (ahead, seen) = (self.replica.ahead(), self.replica.seen());
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(*next_look) => self.look().await,
            next = tail.next() => {
                let next = next?;
                self.arrived(next, tail).await
            }
            answer = answer => {
                let Some(Flight { mut sent, .. }) = self.flight.take() else { return Ok(()) };
                match answer {
                    Ok(Ok((Appended::Yes, digest))) => {
                        sent.digest = digest;
                        self.committed(sent)
                    }
                    Ok(Ok((Appended::Conflict, digest))) => {
                        sent.digest = digest;
                        self.refused = Some((sent, Instant::now() + ENTRY));
                        Ok(())
                    }
                    Ok(Err(failed)) => Err(failed.into()),
                    Err(_) => Err(End::Lost("the task of an append has ended".into())),
                }
            }
            () = late => Err(End::Lost("an entry was refused, and the one that was before it has not come".into())),
            named = of(writing) => {
                // Without a snapshot, the log is longer for a while.
                self.written = named.and_then(Result::ok);
                Ok(())
            }
            _ = of(cleaning) => Ok(()),
            () = turns.change() => Ok(()),
            changed = ahead.changed(seen), if is_idle => Ok(changed.map(drop)?),
        }
    }

    /// Whether updates would be sent at once: nothing is under way, and it is not the turn of another machine.
    fn may_send(&self) -> bool {
        self.flight.is_none() && self.refused.is_none() && !self.turns.is_given()
    }

    /// Sends the updates by which this machine is ahead.
    fn send(&mut self) -> Result<(), End> {
        let Some(batch) = self.replica.take_batch(self.written.is_some())? else { return Ok(()) };
        let (engine, upto, after) = (self.incoming.engine.clone(), self.replica.sent(), batch.after);
        // The digest of the entry that it follows, if only one server has said so.
        let known = (!self.is_agreed).then_some(batch.before);
        let change = What::Change { pieces: batch.pieces.clone(), snapshot: self.written.clone() };
        let small = self.incoming.identity.entry(batch.before, upto, change).to_bytes();
        let (snapshot, answer) = if small.len() <= engine.largest() {
            let digest = entry::digest(&small);
            let answer = tokio::spawn(async move { Ok((append(&engine, after, small, known).await?, digest)) });
            (self.written.take(), answer)
        } else {
            // A large entry does not name a snapshot; the next small one does.
            let content = batch.pieces.to_content();
            let large = self.incoming.identity.entry(batch.before, upto, What::Large { content: String::new() });
            let answer = tokio::spawn(async move {
                let late = |_| Failed("the engine has not taken a large change in time".into());
                let wait = patience(content.len());
                let written = timeout(wait, contents::write_of_entry(&engine, after, content)).await;
                let content = written.map_err(late)??;
                let entry = Entry { what: What::Large { content: content.clone() }, ..large }.to_bytes();
                let digest = entry::digest(&entry);
                let appended = append(&engine, after, entry, known).await?;
                if appended == Appended::Conflict {
                    // If this fails, the content is removed with the entries of its time.
                    let _ = engine.remove(&content).await;
                }
                Ok((appended, digest))
            });
            (None, answer)
        };
        self.flight = Some(Flight { sent: Sent { batch, digest: 0, snapshot }, answer });
        Ok(())
    }

    /// The batch that was sent is in the log.
    fn committed(&mut self, sent: Sent) -> Result<(), End> {
        let Sent { batch, digest, snapshot } = sent;
        if self.replica.applied() > batch.after {
            return Ok(()); // it has come through the log
        }
        self.replica.committed(&batch, digest)?;
        self.turns.committed();
        self.own.push_back((batch.after + 1, digest));
        self.is_agreed = true;
        self.bytes += batch.pieces.size();
        self.note(snapshot, batch.after + 1, true)?;
        self.write_snapshot()
    }

    /// Handles an entry that has come, and those that have come after it.
    async fn arrived(&mut self, next: Next, tail: &mut Tail) -> Result<(), End> {
        let mut next = Some(next);
        let mut entries = NewEntries::after(self.replica.applied(), self.replica.digest());
        while let Some(Next { seq, digest, entry }) = next.take() {
            if seq > entries.seq + 1 {
                return Err(End::Lost("entries are missing".into()));
            }
            if seq == entries.seq + 1 {
                if let Some(sent) = self.own_entry(seq, digest, entry.as_ref().ok().map(|entry| entry.origin)).await? {
                    self.committed(sent)?;
                    (entries.seq, entries.digest) = (seq, self.replica.digest());
                } else {
                    if let Ok(entry) = &entry {
                        self.turns.came(entry.origin.machine);
                    }
                    // An entry that does not follow is from a machine that has other entries: no machine applies it.
                    let mut pieces = Pieces::default();
                    if entry.as_ref().map_or(true, |entry| entry.before == entries.digest) {
                        let (resolved, named) = match self.incoming.resolve(seq, entry).await {
                            Err(end) => {
                                agreed(&self.incoming.engine, [(seq, digest)]).await?;
                                self.replica.is_taken(seq);
                                return Err(end);
                            }
                            resolved => resolved?,
                        };
                        pieces = resolved;
                        self.note(named, seq, false)?;
                    } else {
                        agreed(&self.incoming.engine, [(entries.seq, entries.digest), (seq, digest)]).await?;
                    }
                    self.bytes += pieces.size();
                    entries.steps.push(Step { seq, digest, pieces });
                    (entries.seq, entries.digest) = (seq, digest);
                }
            }
            // The log must have what was acknowledged.
            while let Some((own, acknowledged)) = self.own.front().copied().filter(|(own, _)| *own <= seq) {
                self.own.pop_front();
                if own == seq && acknowledged != digest {
                    return Err(End::Lost("the servers have lost what they had acknowledged".into()));
                }
            }
            if entries.steps.len() < AT_ONCE {
                next = tail.next_at_once();
            }
        }
        if !entries.steps.is_empty() {
            let taken = self.replica.overtaken(&entries);
            if let Err(e) = taken {
                if let Some(first) = entries.steps.first() {
                    self.replica.is_taken(first.seq);
                }
                return Err(self.incoming.refusal(self.replica.state(), &entries, e));
            }
            self.is_agreed = false;
            // The batch that was sent can no longer follow the entry that it was to follow.
            let sent = self.flight.take().map(|flight| flight.sent).or(self.refused.take().map(|(sent, _)| sent));
            if let Some(Sent { snapshot, .. }) = sent {
                self.turns.lost();
                self.written = self.written.take().or(snapshot);
            }
        }
        Ok(())
    }

    /// The batch that was sent, if that entry has it.
    async fn own_entry(&mut self, seq: u64, digest: u64, of: Option<Origin>) -> Result<Option<Sent>, End> {
        let Some(of) = of else { return Ok(None) };
        let (is_own, sent_upto) = (of.machine == self.incoming.identity.machine, self.replica.sent());
        let is_sent = |batch: &Batch| is_own && of.upto == sent_upto && batch.after + 1 == seq;
        let flight = self.flight.as_mut().filter(|flight| is_sent(&flight.sent.batch));
        let is_refused = of.upto > 0 && self.refused.as_ref().is_some_and(|(sent, _)| is_sent(&sent.batch));
        // One server has the entry; the answer says whether all of them have it, and with which digest.
        let acknowledged = match flight {
            Some(flight) => match (&mut flight.answer).await {
                Ok(Ok((Appended::Yes, digest))) => Some(digest),
                _ => None,
            },
            None if is_refused => None,
            None => return Ok(None),
        };
        if acknowledged.is_none() {
            // The answer may belong to a second attempt.
            agreed(&self.incoming.engine, [(seq, digest)]).await?;
        }
        let sent = self.flight.take().map(|flight| flight.sent).or(self.refused.take().map(|(sent, _)| sent));
        Ok(sent.map(|sent| Sent { digest: acknowledged.unwrap_or(digest), ..sent }))
    }

    /// Asks for the newest entry. If the state has it, this machine has the newest version.
    async fn look(&mut self) -> Result<(), End> {
        let at = Timestamp::now();
        let newest = timeout(ENTRY, self.incoming.engine.newest()).await;
        let newest = newest.map_err(|_| End::Lost("the engine has not answered".into()))??;
        self.next_look = Instant::now() + LOOK;
        let applied = self.replica.applied();
        self.turns.look(applied, self.flight.is_some() || self.refused.is_some());
        if !self.is_agreed {
            agreed(&self.incoming.engine, [(applied, self.replica.digest())]).await?;
            self.is_agreed = true;
        }
        let before = self.behind.take();
        if newest <= applied {
            self.replica.heard(at)?;
        } else if before == Some(applied) {
            return Err(End::Lost("entries that are in the log have not come".into()));
        } else {
            self.behind = Some(applied);
        }
        Ok(())
    }

    /// Notes the snapshot that entry `entry` names. If the entry `is_own`, this machine forgets what is older than the one before.
    fn note(&mut self, snapshot: Option<Named>, entry: u64, is_own: bool) -> Result<(), End> {
        let Some(Named { seq, .. }) = snapshot.filter(|named| named.seq < entry) else { return Ok(()) };
        let before = self.replica.control().update(|c| {
            let [newest, before] = c.snapshots;
            if seq > newest {
                c.snapshots = [seq, newest];
                newest
            } else {
                before
            }
        })?;
        self.bytes = 0;
        if let Some(Named { content, .. }) = self.written.take_if(|written| written.seq <= seq) {
            let engine = self.incoming.engine.clone();
            self.cleaning = Some(tokio::spawn(async move { engine.remove(&content).await }));
        } else if is_own && before > 0 {
            let engine = self.incoming.engine.clone();
            self.cleaning = Some(tokio::spawn(async move { contents::forget_before(&engine, before).await }));
        }
        Ok(())
    }

    /// Writes a snapshot if the log is long by now. Only a machine that commits does so.
    fn write_snapshot(&mut self) -> Result<(), End> {
        let applied = self.replica.applied();
        let newest = self.replica.control().read(|c| c.snapshots[0])?;
        let entries = applied.saturating_sub(newest);
        // A snapshot has all of the state. It is written when the log is as large, or when it has a good part of that in many entries.
        let is_long = entries >= ENTRIES && self.bytes >= size_of::<T>() / 4
            || entries >= 16 * ENTRIES
            || self.bytes >= (8 << 20).max(2 * size_of::<T>());
        if !is_long || self.writing.is_some() || self.written.is_some() {
            return Ok(());
        }
        let content = self.replica.state().read_bytes(|state, _| self.incoming.identity.whole(state))?;
        let engine = self.incoming.engine.clone();
        let late = |_| Failed("the engine has not taken a snapshot in time".into());
        self.writing = Some(tokio::spawn(async move {
            timeout(patience(content.len()), contents::write_snapshot(&engine, applied, content)).await.map_err(late)?
        }));
        Ok(())
    }
}

/// Appends an entry. `known`: the digest of the entry that it follows, if only one server has said so. Then the servers have to agree
/// on that digest first: no machine applies an entry that does not follow, and by the word of one server it might only seem to.
async fn append(engine: &impl Engine, after: u64, entry: Bytes, known: Option<u64>) -> Result<Appended, Failed> {
    agreed(engine, known.map(|digest| (after, digest))).await?;
    engine.append(after, entry).await
}
