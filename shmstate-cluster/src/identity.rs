//! The numbers that identify the machine and the state of an entry.

use crate::control::Control;
use crate::entry::{Entry, Origin, What, Whole};
use crate::error::Error;
use bytes::Bytes;
use shmstate::State;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// What does not change while a process is the link.
pub(crate) struct Identity {
    pub(crate) cluster: u128,
    pub(crate) machine: u128,
    pub(crate) document: String,
    /// A hash of the layout, including which fields are local.
    pub(crate) layout: u64,
    pub(crate) local: Vec<Range<usize>>,
}

impl Identity {
    pub(crate) fn new(cluster: u128, machine: u128, document: String, local: Vec<Range<usize>>) -> Identity {
        let layout = layout(&document, &local);
        Identity { cluster, machine, document, layout, local }
    }

    /// The identity of a machine that has its regions.
    pub(crate) fn of(control: &State<Control>, document: String, local: Vec<Range<usize>>) -> Result<Identity, Error> {
        let (cluster, machine) = control.read(|c| (c.cluster, c.machine))?;
        Ok(Identity::new(cluster, machine, document, local))
    }

    /// An entry that follows the one with that digest.
    pub(crate) fn entry(&self, before: u64, upto: u64, what: What) -> Entry {
        let origin = Origin { machine: self.machine, upto };
        Entry { cluster: self.cluster, before, origin, schema: self.layout, what }
    }

    /// The content of a snapshot.
    pub(crate) fn whole(&self, state: &[u8]) -> Bytes {
        let mut state = state.to_vec();
        for range in &self.local {
            state[range.clone()].fill(0);
        }
        Whole::to_bytes(self.cluster, self.layout, &self.document, &state)
    }
}

/// A hash of a layout: of its schema without the documentation, and of which fields are local.
fn layout(document: &str, local: &[Range<usize>]) -> u64 {
    let types =
        serde_json::from_str::<serde_json::Value>(document).ok().and_then(|schema| schema.get("types").cloned());
    let types = types.map_or_else(|| document.to_owned(), |types| types.to_string());
    xxh3_64(format!("{types} {local:?}").as_bytes())
}
