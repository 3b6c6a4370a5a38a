//! The operations, written once for all peers that lend out the state in place.

use super::Peer;
use crate::counter_list::{Read, Write, count_key, entries, fill_map, key, look_up, spot, spots};
use crate::measure::Side;
use crate::op::{BATCH, Op};
use anyhow::{Result, bail};
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Lends out the state.
pub trait Store {
    type View: Read + ?Sized;
    type Edit: Write + ?Sized;

    /// Runs `f` over a state that does not change meanwhile, or again if it did.
    fn read<R>(&mut self, f: impl FnMut(&Self::View) -> R) -> Result<R>;
    fn update(&mut self, f: impl FnOnce(&mut Self::Edit)) -> Result<()>;
    /// Sets item and counter to `value` in an update that does not come about.
    fn roll_back(&mut self, at: usize, value: u64) -> Result<()>;
    fn snapshot(&mut self) -> Result<()> {
        self.read(|s| drop(black_box(s.to_vec())))
    }
    /// Brings it to where it is after many updates.
    fn settle(&mut self) -> Result<()> {
        Ok(())
    }
    fn keeps_copies(&self) -> bool {
        false
    }
    fn followed(&mut self) -> Result<[Side<'_>; 3]> {
        bail!("no private copy that catches up")
    }
    /// Reads the counter.
    fn load(&mut self) -> Result<u64> {
        self.read(|s| s.counter())
    }
}

/// What a peer without a roll-back has to do for one: put back by hand what it has changed.
#[inline]
pub fn by_hand<W: Write + ?Sized>(s: &mut W, at: usize, value: u64) {
    let before = (s.get(at), s.counter());
    s.set(at, value);
    s.set_counter(value);
    let s = black_box(s); // else there is nothing to do
    s.set(at, before.0);
    s.set_counter(before.1);
}

impl<S: Store> Peer for S {
    fn run(&mut self, op: Op, range: Range<u64>) -> Result<u64> {
        let mut torn = 0;
        match op {
            Op::Load => {
                for _ in range {
                    black_box(self.load()?);
                }
            }
            Op::ReadOne => {
                for i in range {
                    black_box(self.read(|s| s.get(spot(i, s.len())).wrapping_add(s.counter()))?);
                }
            }
            Op::ReadAll => {
                for _ in range {
                    black_box(self.read(|s| s.sum())?);
                }
            }
            Op::UpdateOne => {
                for i in range {
                    self.update(|s| {
                        s.add(spot(i, s.len()), 1);
                        s.count();
                    })?;
                }
            }
            Op::Transfer => {
                for i in range {
                    self.update(|s| {
                        let (from, to) = spots(i, s.len());
                        s.add(from, 1u64.wrapping_neg());
                        s.add(to, 1);
                        s.count();
                    })?;
                }
            }
            Op::Batch => {
                for i in range {
                    self.update(|s| {
                        for k in 0..BATCH {
                            s.add(spot(i * BATCH + k, s.len()), 1);
                        }
                        s.count();
                    })?;
                }
            }
            Op::RollBack => {
                let len = self.read(|s| s.len())?;
                for i in range {
                    self.roll_back(spot(i, len), i)?;
                }
            }
            Op::Snapshot => {
                for _ in range {
                    self.snapshot()?;
                }
            }
            Op::InsertFront => {
                for i in range {
                    self.update(|s| {
                        s.pop();
                        s.insert_front(i);
                        s.count();
                    })?;
                }
            }
            Op::Append => {
                for i in range {
                    self.update(|s| {
                        if s.is_full() {
                            s.clear();
                        }
                        s.push(i);
                        s.count();
                    })?;
                }
            }
            Op::LookUp => {
                let entries = entries(8 * self.read(|s| s.len())?);
                for i in range {
                    black_box(self.read(|s| look_up(s, key(spot(i, entries))))?);
                }
            }
            Op::UpdateKey => {
                let entries = entries(8 * self.read(|s| s.len())?);
                for i in range {
                    self.update(|s| count_key(s, key(spot(i, entries))))?;
                }
            }
            Op::ReadLast => {
                for _ in range {
                    torn += u64::from(self.read(|s| s.is_torn())?);
                }
            }
            Op::UpdateLast => {
                for _ in range {
                    self.update(|s| {
                        s.add(s.len() - 1, 1);
                        s.count();
                    })?;
                }
            }
            Op::UpdateFar => {
                for i in range {
                    self.update(|s| {
                        let last = s.len() - 1;
                        s.add(spot(i, last), 1);
                        s.add(last, 1);
                        s.count();
                    })?;
                }
            }
        }
        Ok(torn)
    }

    fn counter(&mut self) -> Result<u64> {
        self.read(|s| s.counter())
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        self.read(|s| (s.counter(), s.sum()))
    }

    fn make_map(&mut self, entries: usize) -> Result<()> {
        self.update(|s| fill_map(s, entries))
    }

    fn touch(&mut self) -> Result<()> {
        self.update(|s| s.touch())
    }

    fn keeps_copies(&self) -> bool {
        Store::keeps_copies(self)
    }

    fn followed(&mut self) -> Result<[Side<'_>; 3]> {
        Store::followed(self)
    }

    fn settle(&mut self) -> Result<()> {
        Store::settle(self)
    }

    fn hold(&mut self, time: Duration) -> Result<u64> {
        let patience = Instant::now() + 4 * time;
        let torn = self.read(|s| {
            let before = (s.counter(), s.is_torn());
            let now = Instant::now();
            if now < patience {
                std::thread::sleep(time);
            }
            before.1 || black_box(s).counter() != before.0
        })?;
        Ok(torn.into())
    }

    fn hang_in_update(&mut self, entered: &mut dyn FnMut()) -> Result<()> {
        self.update(|s| {
            s.count(); // and the last item not: torn, if it is seen
            entered();
            loop {
                std::thread::park();
            }
        })
    }
}
