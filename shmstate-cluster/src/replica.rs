//! The regions of a machine, as its link writes them.
//!
//! `state` has what the cluster has committed: the entries of the log up to number `applied`. `ahead` has the updates of this machine
//! on top of that. Between two updates of the machine both have the same bytes, except for local fields and bytes that mean nothing.
//!
//! The outcome of an update is decided here, always in the same order: first the state takes an entry, then the control says so.

use crate::control::Control;
use crate::delta::{joined_outside, outside, union};
use crate::entry::Pieces;
use crate::error::Error;
use shmstate::{Change, Follower, SharedLayout, State, Timestamp};
use std::ops::Range;

/// How often a rewind is tried while updates go on, before it writes all of the state.
const TRIES: usize = 16;

/// Updates of this machine that are to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    /// The entry that it follows.
    pub(crate) after: u64,
    /// The digest of that entry.
    pub(crate) before: u64,
    /// The version of the state ahead that it reaches to.
    pub(crate) upto: u64,
    pub(crate) pieces: Pieces,
}

/// What one or several successive entries do to the state.
#[derive(Debug, Default)]
pub(crate) struct NewEntries {
    /// The number of the last entry, and its digest.
    pub(crate) seq: u64,
    pub(crate) digest: u64,
    /// The entries that change something, in their order.
    pub(crate) steps: Vec<Step>,
}

/// What one entry does to the state.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) seq: u64,
    pub(crate) digest: u64,
    pub(crate) pieces: Pieces,
}

impl NewEntries {
    /// No entries yet, after the entry with that number and digest.
    pub(crate) fn after(seq: u64, digest: u64) -> NewEntries {
        NewEntries { seq, digest, steps: Vec::new() }
    }

    /// The pieces of all entries.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &Pieces> + Clone {
        self.steps.iter().map(|step| &step.pieces)
    }

    /// The steps before entry `entry`, if there are any.
    fn before(&self, entry: u64) -> Option<NewEntries> {
        let steps: Vec<Step> = self.steps.iter().take_while(|step| step.seq < entry).cloned().collect();
        let last = steps.last()?;
        Some(NewEntries { seq: last.seq, digest: last.digest, steps })
    }
}

pub(crate) struct Replica<'a, T: SharedLayout> {
    state: &'a State<T>,
    control: &'a State<Control>,
    ahead: &'a State<T>,
    /// A follower of the state ahead.
    follower: Follower<'a, T>,
    /// The byte ranges of local fields.
    local: &'a [Range<usize>],
    /// The newest entry that the state has, and its digest.
    applied: u64,
    digest: u64,
    /// The version of the state ahead that has the same content as the state.
    base: u64,
    /// What may have been written in the state ahead after version `base`, up to the follower's version. All of it is sent or undone,
    /// even bytes that are unchanged: bytes that mean nothing yet may differ from copy to copy, and from machine to machine.
    touched: Vec<Range<usize>>,
    /// The version of the state ahead that the batch under way reaches to; 0 if there is none, or an empty one.
    sent: u64,
}

impl<'a, T: SharedLayout> Replica<'a, T> {
    /// Takes over from the process that was the link before. What is ahead of the state is undone, except a batch that was
    /// under way, which is in doubt.
    pub(crate) fn take_over(
        state: &'a State<T>,
        control: &'a State<Control>,
        ahead: &'a State<T>,
        local: &'a [Range<usize>],
    ) -> Result<Replica<'a, T>, Error> {
        let follower = ahead.follow()?;
        let (applied, digest, settled, sent) = control.read(|c| (c.applied, c.digest, c.settled, c.sent_upto))?;
        let (base, touched) = (settled, everything::<T>());
        control.update(|c| c.link = std::process::id())?;
        let mut replica = Replica { state, control, ahead, follower, local, applied, digest, base, touched, sent };
        replica.disconnect("the link has just begun")?;
        Ok(replica)
    }

    pub(crate) fn applied(&self) -> u64 {
        self.applied
    }

    /// The digest of the newest entry that the state has.
    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn state(&self) -> &'a State<T> {
        self.state
    }

    pub(crate) fn control(&self) -> &'a State<Control> {
        self.control
    }

    /// The version of the state ahead that is known here: there is something to send when it has a newer one.
    pub(crate) fn seen(&self) -> u64 {
        self.follower.version()
    }

    /// The state ahead.
    pub(crate) fn ahead(&self) -> &'a State<T> {
        self.ahead
    }

    /// The updates that this machine has made since the last batch, if there are any. They are under way from now on. If there are
    /// none and `needs_one`, an empty batch, which is not in doubt when the connection is lost.
    pub(crate) fn take_batch(&mut self, needs_one: bool) -> Result<Option<Batch>, Error> {
        self.advance()?;
        let (after, before, upto) = (self.applied, self.digest, self.follower.version());
        if upto == self.base {
            return Ok(needs_one.then(|| Batch { after, before, upto, pieces: Pieces::default() }));
        }
        let pieces = Pieces::of(&joined_outside(&self.touched, self.local), self.follower.bytes());
        self.control.update(|c| (c.sent_after, c.sent_upto) = (after, upto))?;
        self.sent = upto;
        Ok(Some(Batch { after, before, upto, pieces }))
    }

    /// Notes that the batch under way is in the log, as the entry after the newest one that the state has, with that digest.
    pub(crate) fn committed(&mut self, batch: &Batch, digest: u64) -> Result<(), Error> {
        if !batch.pieces.is_empty() {
            self.state.apply(batch.pieces.iter())?;
        }
        (self.applied, self.digest) = (batch.after + 1, digest);
        self.base = batch.upto;
        self.sent = 0;
        self.touched.clear();
        let (applied, settled) = (self.applied, self.base);
        Ok(self.control.update(|c| {
            (c.applied, c.digest) = (applied, digest);
            (c.settled, c.sent_after, c.sent_upto) = (settled, 0, 0);
            c.heard = Timestamp::now();
        })?)
    }

    /// Takes in entries of other machines, which follow the newest one that the state has. Undoes what this machine is ahead.
    pub(crate) fn overtaken(&mut self, entries: &NewEntries) -> Result<(), Error> {
        self.take_in(entries)?;
        let last = self.rewind()?;
        self.sent = 0;
        let (applied, digest) = (self.applied, self.digest);
        Ok(self.control.update(|c| {
            (c.applied, c.digest) = (applied, digest);
            c.settle(0, last, None);
        })?)
    }

    /// Applies entries to the state.
    fn take_in(&mut self, entries: &NewEntries) -> Result<(), Error> {
        let pieces = entries.pieces();
        if pieces.clone().any(|pieces| !pieces.is_empty()) {
            self.state.apply(pieces.clone().flat_map(Pieces::iter))?;
        }
        (self.applied, self.digest) = (entries.seq, entries.digest);
        let touched = pieces.flat_map(Pieces::ranges);
        self.touched = union(&self.touched, touched);
        Ok(())
    }

    /// Notes that the connection is lost. Updates that were not sent are undone; a batch that was under way is in doubt.
    pub(crate) fn disconnect(&mut self, why: &str) -> Result<(), Error> {
        // From now on, no update begins.
        self.control.update(|c| c.disconnect(why))?;
        let first = self.sent.max(self.base) + 1;
        let last = self.rewind()?;
        let is_in_doubt = self.sent != 0;
        Ok(self.control.update(|c| {
            if is_in_doubt {
                c.undo(first, last.saturating_sub(1), false);
            } else {
                c.settle(0, last, None);
            }
        })?)
    }

    /// Notes that entry `entry` is in the log and is not of this machine: if a batch was to be this entry, it has not happened.
    pub(crate) fn is_taken(&mut self, entry: u64) {
        if entry == self.applied + 1 {
            self.sent = 0;
        }
    }

    /// Notes that the state cannot take that entry, which is next.
    pub(crate) fn refuse(&mut self, entry: u64, why: &str) -> Result<(), Error> {
        // In one update, so that no process sees one without the other.
        self.control.update(|c| {
            c.refused = entry;
            c.disconnect(why);
        })?;
        self.disconnect(why)
    }

    /// The version that the batch under way reaches to; 0 if there is none, or an empty one.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The state cannot take entry `entry` of these entries, and takes those before it. `committed` says whether the batch that was under
    /// way is among these; `None` if that cannot be known.
    pub(crate) fn stop_before(
        &mut self,
        entry: u64,
        entries: &NewEntries,
        committed: Option<bool>,
    ) -> Result<(), Error> {
        if committed == Some(false) {
            // Another entry has the number that the batch was to have.
            self.sent = 0;
        }
        match entries.before(entry) {
            Some(entries) => self.catch_up(&entries, committed),
            None => Ok(()),
        }
    }

    fn catch_up(&mut self, entries: &NewEntries, committed: Option<bool>) -> Result<(), Error> {
        self.take_in(entries)?;
        let last = self.rewind()?;
        let (applied, digest, sent) = (self.applied, self.digest, std::mem::take(&mut self.sent));
        Ok(self.control.update(|c| {
            (c.applied, c.digest) = (applied, digest);
            c.settle(sent, last, committed);
        })?)
    }

    /// Notes that there is a connection again, and takes the entries after the newest one that the state has, up to the newest one in
    /// the log. `committed` says whether the batch in doubt is among them; `None` if that cannot be known.
    pub(crate) fn connect(&mut self, entries: &NewEntries, committed: Option<bool>) -> Result<(), Error> {
        self.catch_up(entries, committed)?;
        Ok(self.control.update(|c| {
            (c.heard, c.connected) = (Timestamp::now(), true);
            (c.refused, c.pass_over) = (0, 0);
            c.why.clear();
        })?)
    }

    /// Notes that the state had the newest version at the time `at`.
    pub(crate) fn heard(&self, at: Timestamp) -> Result<(), Error> {
        Ok(self.control.update(|c| c.heard = at)?)
    }

    /// Catches up with the state ahead.
    fn advance(&mut self) -> Result<(), Error> {
        if let Some(change) = self.follower.advance()? {
            self.note(&change);
        }
        Ok(())
    }

    fn note(&mut self, change: &Change<T>) {
        self.touched = union(&self.touched, change.written().iter().cloned());
    }

    /// Gives the state ahead the content of the state. Returns the version that has it; all versions between `base` and this one are
    /// undone.
    fn rewind(&mut self) -> Result<u64, Error> {
        let mut tries = 0..TRIES;
        let last = loop {
            self.advance()?;
            let seen = self.follower.version();
            // Updates that go on must not keep this loop from ending.
            let is_try = tries.next().is_some();
            let all = everything::<T>();
            let ranges = outside(if is_try { &self.touched } else { &all }, self.local);
            let pieces = self.state.read_bytes(|state, _| Pieces::of(&ranges, state))?;
            if !is_try {
                break self.ahead.apply(pieces.iter())?;
            }
            if pieces.is_empty() && seen == self.base {
                // The state ahead has that content already.
                break seen;
            }
            if let Some(version) = self.ahead.apply_after(seen, pieces.iter())? {
                break version;
            }
        };
        self.base = last;
        self.touched.clear();
        self.advance()?;
        Ok(last)
    }
}

/// The range of all bytes.
fn everything<T>() -> Vec<Range<usize>> {
    vec![0..size_of::<T>()]
}
