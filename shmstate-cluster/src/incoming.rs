//! How a machine reads the entries of the cluster: whether they are of its state, and which bytes of it they change.

use crate::contents::{self, ContentsError, OF_ANOTHER, Resolved};
use crate::delta::outside;
use crate::end::End;
use crate::engine::Engine;
use crate::entry::{Entry, Named, Pieces, What, Whole};
use crate::error::Error;
use crate::identity::Identity;
use crate::replica::NewEntries;
use shmstate::dynamic::Snapshot;
use shmstate::{ErrorKind, SharedLayout, State};
use std::marker::PhantomData;

/// The entries that come over one connection.
pub(crate) struct Incoming<'s, T, E> {
    pub(crate) engine: E,
    pub(crate) identity: &'s Identity,
    state: PhantomData<fn() -> T>,
}

impl<'s, T: SharedLayout, E: Engine> Incoming<'s, T, E> {
    pub(crate) fn new(engine: E, identity: &'s Identity) -> Self {
        Incoming { engine, identity, state: PhantomData }
    }

    /// What an entry of another machine does, and the snapshot that it names.
    pub(crate) async fn resolve(&self, seq: u64, entry: Result<Entry, String>) -> Result<(Pieces, Option<Named>), End> {
        let refused = |why: String| End::Refused { entry: seq, why };
        let entry = entry.map_err(refused)?;
        if entry.cluster != self.identity.cluster {
            return Err(refused(OF_ANOTHER.into()));
        }
        let snapshot = if let What::Change { snapshot, .. } = &entry.what { snapshot.clone() } else { None };
        let pieces = match contents::resolve(&self.engine, seq, entry.what).await {
            Ok(_) if entry.schema != self.identity.layout => return Err(End::Replaced),
            Ok(Resolved::Pieces(pieces)) => pieces,
            Ok(Resolved::Whole(whole)) => self.pieces_of(&whole)?,
            Err(ContentsError::Damaged(why)) => return Err(refused(why)),
            Err(e) => return Err(e.into()),
        };
        Ok((pieces, snapshot))
    }

    /// Checks that an entry, if it is valid, belongs to this state.
    pub(crate) fn check(&self, entry: &Result<Entry, String>) -> Result<(), End> {
        if entry.as_ref().is_ok_and(|entry| entry.cluster != self.identity.cluster) {
            return Err(End::Lost(
                "the cluster has entries of another state of that name: it was made anew; end the processes of this machine and run \
                 `shmstate_cluster::remove`"
                    .into(),
            ));
        }
        Ok(())
    }

    /// The state after those entries, or the first entry that it cannot take.
    pub(crate) fn with(&self, state: &State<T>, entries: &NewEntries) -> Result<Vec<u8>, End> {
        let before = state.read_bytes(|bytes, _| bytes.to_vec())?;
        let with = |count: usize| {
            let mut bytes = before.clone();
            entries.pieces().take(count).try_for_each(|pieces| pieces.write_into(&mut bytes))?;
            let checked = Snapshot::from_parts(&self.identity.document, 0, bytes);
            checked.map(|checked| checked.bytes().to_vec()).map_err(|e| e.to_string())
        };
        let all = entries.steps.len();
        let mut why = match with(all) {
            Ok(bytes) => return Ok(bytes),
            Err(why) => why,
        };
        // Without the entries the state is valid, and with all of them it is not.
        let (mut right, mut wrong) = (0, all);
        while right + 1 < wrong {
            let middle = right.midpoint(wrong);
            match with(middle) {
                Ok(_) => right = middle,
                Err(e) => (wrong, why) = (middle, e),
            }
        }
        let entry = entries.steps.get(right).map_or(entries.seq, |step| step.seq);
        Err(End::Refused { entry, why })
    }

    /// The end that follows from an error of a state that was to take in entries.
    pub(crate) fn refusal(&self, state: &State<T>, entries: &NewEntries, e: Error) -> End {
        match &e {
            Error::State(invalid) if invalid.kind() == ErrorKind::InvalidValue => match self.with(state, entries) {
                Err(refused) => refused,
                Ok(_) => End::Refused { entry: entries.seq, why: e.to_string() },
            },
            _ => e.into(),
        }
    }

    /// All of a state, without its local fields.
    pub(crate) fn pieces_of(&self, whole: &Whole) -> Result<Pieces, End> {
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
}
