//! One connection of a machine to its cluster, from its beginning to its end.
//!
//! It has at most one batch under way. What the machine is ahead meanwhile becomes the next batch, so that the updates of many
//! processes travel together.

use crate::contents::{self, ENTRY, Loaded, Next, Resolved, Tail, Trouble};
use crate::delta::outside;
use crate::engine::{Appended, Engine, Failed, patience};
use crate::entry::{self, Entry, Named, Origin, Pieces, What, Whole};
use crate::error::Error;
use crate::identity::Identity;
use crate::replica::{Batch, News, Replica};
use shmstate::{SharedLayout, Timestamp};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// How often the engine is asked for its newest entry.
const LOOK: Duration = Duration::from_millis(500);

/// Entries after which there may be a new snapshot.
const ENTRIES: u64 = 1024;

/// Entries that are taken over at a time.
const AT_ONCE: usize = 64;

/// Why a connection ends, or the link.
#[derive(Debug)]
pub(crate) enum End {
    /// It was asked to.
    Stopped,
    /// The state has another layout by now.
    Replaced,
    /// The connection is lost.
    Lost(String),
    /// The regions of this machine cannot be used.
    Unable(Error),
}

impl From<Error> for End {
    fn from(e: Error) -> Self {
        End::Unable(e)
    }
}

impl From<shmstate::Error> for End {
    fn from(e: shmstate::Error) -> Self {
        End::Unable(e.into())
    }
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lost(failed) => failed.into(),
            Trouble::Damaged(why) => End::Lost(format!("what the cluster has is damaged: {why}")),
        }
    }
}

impl From<Failed> for End {
    fn from(failed: Failed) -> Self {
        End::Lost(failed.0)
    }
}

/// A batch that was sent.
struct Sent {
    batch: Batch,
    /// The digest of its entry.
    digest: u64,
    /// The snapshot that it names.
    snapshot: Option<Named>,
}

/// A batch that is under way, and the answer to it: with the digest of the entry.
struct Flight {
    sent: Sent,
    answer: JoinHandle<Result<(Appended, u64), Failed>>,
}

/// A task whose result is awaited, if there is one.
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
    engine: E,
    identity: &'s Identity,
    replica: &'s mut Replica<'a, T>,
    flight: Option<Flight>,
    /// A batch that was refused, and until when the entry has to come that was before it.
    refused: Option<(Sent, Instant)>,
    /// When the engine is asked for its newest entry, and what the state had when it was behind at the last look.
    next_look: Instant,
    behind: Option<u64>,
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
            engine,
            identity,
            replica,
            flight: None,
            refused: None,
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
    /// Keeps this machine and the cluster at the same state, until that ends. It can be dropped wherever it waits: nothing waits
    /// inside of what it does to the regions.
    pub(crate) async fn run(mut self) -> End {
        match self.connected().await {
            Ok(mut tail) => loop {
                match self.step(&mut tail).await {
                    Ok(()) => {}
                    Err(end) => return end,
                }
            },
            Err(end) => end,
        }
    }

    /// Brings the state up to the newest entry, and finds out what became of a batch that was under way.
    ///
    /// An entry of its own shows that this was the newest one: it follows that, so that nothing that was sent before can follow any
    /// more what it was to follow.
    async fn connected(&mut self) -> Result<Tail, End> {
        let mut news = News { seq: self.replica.applied(), digest: self.replica.digest(), pieces: Vec::new() };
        let (mut committed, mut is_known) = (false, true);
        // The number of an entry that there is, because it was first where one of this machine was refused.
        let mut first = 0;
        let sent_after = self.replica.control().read(|c| c.sent_after)?;
        // From the newest entry on that the state has: it has to be that one.
        let mut tail = Tail::after(&self.engine, news.seq.saturating_sub(1));
        let mut is_same = false;
        loop {
            let newest = self.engine.newest().await?;
            if newest < news.seq {
                return Err(End::Lost(made_anew(newest, news.seq)));
            }
            while news.seq < newest.max(first) || !is_same {
                let Next { seq, digest, entry } = tail.next_soon().await?;
                self.check(&entry)?;
                if seq == news.seq && digest == news.digest {
                    is_same = true;
                } else if is_same && seq == news.seq + 1 {
                    let origin = entry.origin;
                    committed |= origin.machine == self.identity.machine && origin.upto == self.replica.sent();
                    // One that does not follow is of a machine that has other entries: no machine applies it.
                    if entry.before == news.digest {
                        news.pieces.push(self.resolve(entry).await?);
                    }
                    (news.seq, news.digest) = (seq, digest);
                } else {
                    // Entries are not kept any more, or are others than the state has: all of the state.
                    let Loaded { seq, digest, whole } = contents::load(&self.engine, newest.max(first)).await?;
                    if seq < news.seq {
                        return Err(End::Lost(made_anew(seq, news.seq)));
                    }
                    is_known = committed;
                    news = News { seq, digest, pieces: vec![self.pieces_of(&whole)?] };
                    tail = Tail::after(&self.engine, seq.saturating_sub(1));
                    is_same = false;
                }
            }
            // Where others append all the time, that is enough: the place that a batch in doubt was to have is taken.
            if first > 0 && news.seq > sent_after {
                break;
            }
            let own = What::Change { pieces: Pieces::default(), snapshot: None };
            let own = self.identity.entry(news.digest, 0, own).to_bytes();
            let digest = entry::digest(&own);
            match timeout(2 * ENTRY, self.engine.append(news.seq, own)).await {
                Ok(Ok(Appended::Yes)) => {
                    (news.seq, news.digest) = (news.seq + 1, digest);
                    break;
                }
                Ok(Ok(Appended::Conflict)) => first = news.seq + 1,
                Ok(Err(failed)) => return Err(failed.into()),
                Err(_) => return Err(End::Lost("the engine has not answered".into())),
            }
        }
        if self.replica.control().read(|c| c.snapshots[0] == 0)? {
            let mut found = contents::snapshots(&self.engine).await?.into_iter().map(|(seq, _)| seq);
            let found = [found.next().unwrap_or(0), found.next().unwrap_or(0)];
            self.replica.control().update(|c| c.snapshots = found)?;
        }
        let committed = (is_known || committed).then_some(committed);
        self.replica.connect(&news, committed)?;
        Ok(tail)
    }

    /// Waits for one thing that happens, and does what it takes.
    async fn step(&mut self, tail: &mut Tail) -> Result<(), End> {
        if self.flight.is_none() && self.refused.is_none() {
            self.send()?;
        }
        let is_idle = self.flight.is_none() && self.refused.is_none();
        let Session { flight, refused, writing, cleaning, next_look, .. } = self;
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
            changed = ahead.changed(seen), if is_idle => Ok(changed.map(drop)?),
        }
    }

    /// Sends what this machine is ahead.
    fn send(&mut self) -> Result<(), End> {
        let Some(batch) = self.replica.take_batch(self.written.is_some())? else { return Ok(()) };
        let (engine, upto, after) = (self.engine.clone(), self.replica.sent(), batch.after);
        let change = What::Change { pieces: batch.pieces.clone(), snapshot: self.written.clone() };
        let small = self.identity.entry(batch.before, upto, change).to_bytes();
        let (snapshot, answer) = if small.len() <= engine.largest() {
            let digest = entry::digest(&small);
            let answer = tokio::spawn(async move { Ok((engine.append(after, small).await?, digest)) });
            (self.written.take(), answer)
        } else {
            // It does not name a snapshot; the next one does.
            let mut content = Vec::new();
            batch.pieces.write(&mut content);
            let large = self.identity.entry(batch.before, upto, What::Large { content: String::new() });
            let answer = tokio::spawn(async move {
                let late = |_| Failed("the engine has not taken a large change in time".into());
                let (wait, content) = (patience(content.len()), content.into());
                let written = timeout(wait, contents::write_of_entry(&engine, after, content)).await;
                let content = written.map_err(late)??;
                let entry = Entry { what: What::Large { content: content.clone() }, ..large }.to_bytes();
                let digest = entry::digest(&entry);
                let appended = engine.append(after, entry).await?;
                if appended == Appended::Conflict {
                    // If it stays, it goes with the entries of its time.
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
            return Ok(()); // it has come by the log
        }
        self.replica.committed(&batch, digest)?;
        self.bytes += batch.pieces.size();
        self.note(snapshot, batch.after + 1, true)?;
        self.write_snapshot()
    }

    /// An entry has come, and perhaps more.
    async fn arrived(&mut self, next: Next, tail: &mut Tail) -> Result<(), End> {
        let mut next = Some(next);
        let mut news = News { seq: self.replica.applied(), digest: self.replica.digest(), pieces: Vec::new() };
        while let Some(Next { seq, digest, entry }) = next.take() {
            if seq > news.seq + 1 {
                return Err(End::Lost("entries are missing".into()));
            }
            if seq == news.seq + 1 {
                self.check(&entry)?;
                let Origin { machine, upto } = entry.origin;
                let (is_own, sent_upto) = (machine == self.identity.machine, self.replica.sent());
                let is_sent = |batch: &Batch| is_own && upto == sent_upto && batch.after + 1 == seq;
                // Also one that was refused: the answer may have been to a second attempt.
                let flight = self.flight.take_if(|flight| is_sent(&flight.sent.batch)).map(|flight| flight.sent);
                let refused = self.refused.take_if(|(sent, _)| upto > 0 && is_sent(&sent.batch)).map(|(sent, _)| sent);
                if let Some(sent) = flight.or(refused) {
                    self.committed(Sent { digest, ..sent })?;
                    (news.seq, news.digest) = (seq, digest);
                } else {
                    // One that does not follow is of a machine that has other entries: no machine applies it.
                    let mut pieces = Pieces::default();
                    if entry.before == news.digest {
                        let named =
                            if let What::Change { snapshot, .. } = &entry.what { snapshot.clone() } else { None };
                        pieces = self.resolve(entry).await?;
                        self.note(named, seq, false)?;
                    }
                    self.bytes += pieces.size();
                    news.pieces.push(pieces);
                    (news.seq, news.digest) = (seq, digest);
                }
            }
            if news.pieces.len() < AT_ONCE {
                next = tail.next_at_once().transpose()?;
            }
        }
        if !news.pieces.is_empty() {
            self.replica.overtaken(&news)?;
            // What was sent cannot follow any more what it was to follow.
            let sent = self.flight.take().map(|flight| flight.sent).or(self.refused.take().map(|(sent, _)| sent));
            if let Some(Sent { snapshot, .. }) = sent {
                self.written = self.written.take().or(snapshot);
            }
        }
        Ok(())
    }

    /// An entry has to be of this state.
    fn check(&self, entry: &Entry) -> Result<(), End> {
        if entry.cluster == self.identity.cluster {
            return Ok(());
        }
        Err(End::Lost(
            "the cluster has entries of another state of that name: it was made anew; end the processes of this machine and run \
             `shmstate_cluster::remove`"
                .into(),
        ))
    }

    /// What an entry of another machine does.
    async fn resolve(&self, entry: Entry) -> Result<Pieces, End> {
        match contents::resolve(&self.engine, entry.what).await? {
            _ if entry.schema != self.identity.layout => Err(End::Replaced),
            Resolved::Pieces(pieces) => Ok(pieces),
            Resolved::Whole(whole) => self.pieces_of(&whole),
        }
    }

    /// All of a state, without its local fields.
    fn pieces_of(&self, whole: &Whole) -> Result<Pieces, End> {
        if whole.cluster != self.identity.cluster {
            return Err(End::Lost("the cluster has a snapshot of another state of that name".into()));
        }
        if whole.layout != self.identity.layout {
            return Err(End::Replaced);
        }
        if whole.bytes.len() != size_of::<T>() {
            return Err(End::Lost("a snapshot has another size than its type".into()));
        }
        Ok(Pieces::of(&outside(&[0..size_of::<T>()], &self.identity.local), &whole.bytes))
    }

    /// Asks for the newest entry: that it is the one of the state shows that this machine has the newest version.
    async fn look(&mut self) -> Result<(), End> {
        let at = Timestamp::now();
        let newest = timeout(ENTRY, self.engine.newest()).await;
        let newest = newest.map_err(|_| End::Lost("the engine has not answered".into()))??;
        self.next_look = Instant::now() + LOOK;
        let applied = self.replica.applied();
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

    /// Entry `entry` names a snapshot. If it `is_own`, this machine forgets what is older than the one before.
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
            let engine = self.engine.clone();
            self.cleaning = Some(tokio::spawn(async move { engine.remove(&content).await }));
        } else if is_own && before > 0 {
            let engine = self.engine.clone();
            self.cleaning = Some(tokio::spawn(async move { contents::forget_before(&engine, before).await }));
        }
        Ok(())
    }

    /// Writes a snapshot if the log is long by now. It is a machine that commits that does so.
    fn write_snapshot(&mut self) -> Result<(), End> {
        let applied = self.replica.applied();
        let newest = self.replica.control().read(|c| c.snapshots[0])?;
        let entries = applied.saturating_sub(newest);
        // A snapshot has all of the state: it is written when the log has as much, or a good part of it in many entries.
        let is_long = entries >= ENTRIES && self.bytes >= size_of::<T>() / 4
            || entries >= 16 * ENTRIES
            || self.bytes >= (8 << 20).max(2 * size_of::<T>());
        if !is_long || self.writing.is_some() || self.written.is_some() {
            return Ok(());
        }
        let content = self.replica.state().read_bytes(|state, _| self.identity.whole(state))?;
        let engine = self.engine.clone();
        let late = |_| Failed("the engine has not taken a snapshot in time".into());
        self.writing = Some(tokio::spawn(async move {
            timeout(patience(content.len()), contents::write_snapshot(&engine, applied, content)).await.map_err(late)?
        }));
        Ok(())
    }
}

/// The cluster has fewer entries than a machine.
fn made_anew(newest: u64, applied: u64) -> String {
    format!(
        "the cluster has {newest} entries of the state, and this machine has {applied}: it was made anew, or its servers have not caught \
         up; if it was made anew, end the processes of this machine and run `shmstate_cluster::remove`"
    )
}
