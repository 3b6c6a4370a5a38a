//! Maps: those of shmstate and of the databases. All others hold a table in the list: see `counter_list::look_up`.

#[cfg(feature = "peers")]
pub mod lmdb;
pub mod ours;
#[cfg(feature = "peers")]
pub mod sqlite;

use super::Peer;
use crate::counter_list::{key, spot};
use crate::op::Op;
use anyhow::{Result, bail};
use std::hint::black_box;
use std::ops::Range;
use std::time::Duration;

/// A map from numbers to numbers, and a counter.
pub trait Dict {
    fn get(&mut self, key: u64) -> Result<u64>;
    /// Counts the value of a key up, and the counter.
    fn count(&mut self, key: u64) -> Result<()>;
    fn counter(&mut self) -> Result<u64>;
    /// The counter, and the sum of the values.
    fn look(&mut self) -> Result<(u64, u64)>;
    /// Brings it to where it is after many updates.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A map with that many entries, as a peer to be measured.
struct Keyed<D> {
    dict: D,
    entries: usize,
}

impl<D: Dict> Peer for Keyed<D> {
    fn run(&mut self, op: Op, range: Range<u64>) -> Result<u64> {
        match op {
            Op::LookUp => {
                for i in range {
                    black_box(self.dict.get(key(spot(i, self.entries)))?);
                }
            }
            Op::UpdateKey => {
                for i in range {
                    self.dict.count(key(spot(i, self.entries)))?;
                }
            }
            _ => bail!("no list"),
        }
        Ok(0)
    }

    fn counter(&mut self) -> Result<u64> {
        self.dict.counter()
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        self.dict.look()
    }

    fn settle(&mut self) -> Result<()> {
        self.dict.settle()
    }

    fn hold(&mut self, _: Duration) -> Result<u64> {
        bail!("no list")
    }

    fn hang_in_update(&mut self, _: &mut dyn FnMut()) -> Result<()> {
        bail!("no list")
    }
}
