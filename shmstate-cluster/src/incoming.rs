//! What the entries of the cluster are to a machine: whether they are of its state, and which bytes of it they change.

use crate::contents::{self, Resolved};
use crate::delta::outside;
use crate::end::End;
use crate::engine::Engine;
use crate::entry::{Entry, Pieces, Whole};
use crate::identity::Identity;
use shmstate::SharedLayout;
use std::marker::PhantomData;

/// The entries that come by one connection.
pub(crate) struct Incoming<'s, T, E> {
    pub(crate) engine: E,
    pub(crate) identity: &'s Identity,
    state: PhantomData<fn() -> T>,
}

impl<'s, T: SharedLayout, E: Engine> Incoming<'s, T, E> {
    pub(crate) fn new(engine: E, identity: &'s Identity) -> Self {
        Incoming { engine, identity, state: PhantomData }
    }

    /// An entry has to be of this state.
    pub(crate) fn check(&self, entry: &Entry) -> Result<(), End> {
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
    pub(crate) async fn resolve(&self, entry: Entry) -> Result<Pieces, End> {
        match contents::resolve(&self.engine, entry.what).await? {
            _ if entry.schema != self.identity.layout => Err(End::Replaced),
            Resolved::Pieces(pieces) => Ok(pieces),
            Resolved::Whole(whole) => self.pieces_of(&whole),
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
