//! shmstate's own map.

use super::{Dict, Keyed};
use crate::counter_list::{SIZES, entries, key, sum};
use crate::peers::Peer;
use anyhow::{Context, Result, bail};
use shmstate::{Map, SharedLayout, State};
use std::path::Path;

#[derive(SharedLayout)]
#[repr(C)]
struct Board<const N: usize> {
    counter: u64,
    map: Map<u64, u64, N>,
}

struct Ours<const N: usize>(State<Board<N>>);

pub fn create(dir: &Path, bytes: usize) -> Result<Box<dyn Peer>> {
    fn typed<const N: usize>(dir: &Path) -> Result<Box<dyn Peer>> {
        let entries = entries(16 * N);
        let init = |s: &mut Board<N>| {
            let filled = s.map.try_extend((0..entries).map(|n| (key(n), 1)));
            filled.unwrap_or_else(|_| unreachable!("half of it is filled"));
        };
        let state = State::options().init(init).create(dir.join("map"))?;
        Ok(Box::new(Keyed { dict: Ours::<N>(state), entries }))
    }
    const N: [usize; 6] = {
        let mut capacities = SIZES;
        let mut i = 0;
        while i < capacities.len() {
            capacities[i] /= 16;
            i += 1;
        }
        capacities
    };
    match SIZES.iter().position(|size| *size == bytes) {
        Some(0) => typed::<{ N[0] }>(dir),
        Some(1) => typed::<{ N[1] }>(dir),
        Some(2) => typed::<{ N[2] }>(dir),
        Some(3) => typed::<{ N[3] }>(dir),
        Some(4) => typed::<{ N[4] }>(dir),
        Some(5) => typed::<{ N[5] }>(dir),
        _ => bail!("no type of {bytes} bytes"),
    }
}

impl<const N: usize> Dict for Ours<N> {
    #[inline]
    fn get(&mut self, key: u64) -> Result<u64> {
        self.0.read(|s| s.map.get(&key).copied())?.context("the key is there")
    }

    #[inline]
    fn count(&mut self, key: u64) -> Result<()> {
        let found = self.0.update(|s| {
            s.counter += 1;
            s.map.get_mut(&key).map(|value| *value += 1)
        })?;
        found.context("the key is there")
    }

    /// Each update repairs a part of a copy that lacks much: the whole of it in 512.
    fn settle(&mut self) -> Result<()> {
        for _ in 0..1024 {
            self.0.update(|_| ())?;
        }
        Ok(())
    }

    fn counter(&mut self) -> Result<u64> {
        Ok(self.0.read(|s| s.counter)?)
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        Ok(self.0.read(|s| (s.counter, sum(s.map.values().as_slice())))?)
    }
}
