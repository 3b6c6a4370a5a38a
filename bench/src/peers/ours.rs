//! shmstate itself.

use super::Peer;
use super::store::Store;
use crate::board::{HUGE, Read, SIZES, Write, sum};
use anyhow::{Result, bail};
use shmstate::{List, Projection, SharedLayout, State};
use std::hint::black_box;
use std::path::Path;

#[derive(SharedLayout)]
#[repr(C)]
pub struct Board<const N: usize> {
    /// First, so that the items begin at a cache line.
    items: List<u64, N>,
    counter: u64,
}

struct Ours<const N: usize> {
    state: State<Board<N>>,
    counter: Projection<Board<N>, u64>,
}

/// Makes a state of as many bytes of items, or attaches to the one that is there.
pub fn open(dir: &Path, bytes: usize, create: bool) -> Result<Box<dyn Peer>> {
    fn typed<const N: usize>(dir: &Path, create: bool) -> Result<Box<dyn Peer>> {
        let name = dir.join("state");
        let init = |s: &mut Board<N>| s.items.resize(N, 1).unwrap_or_else(|_| unreachable!("N items fit"));
        let state = if create { State::options().init(init).create(name)? } else { State::open(name)? };
        let counter = state.project(|s| &s.counter)?;
        Ok(Box::new(Ours::<N> { state, counter }))
    }
    const N: [usize; 6] = {
        let mut items = SIZES;
        let mut i = 0;
        while i < items.len() {
            items[i] /= 8;
            i += 1;
        }
        items
    };
    match SIZES.iter().position(|size| *size == bytes) {
        Some(0) => typed::<{ N[0] }>(dir, create),
        Some(1) => typed::<{ N[1] }>(dir, create),
        Some(2) => typed::<{ N[2] }>(dir, create),
        Some(3) => typed::<{ N[3] }>(dir, create),
        Some(4) => typed::<{ N[4] }>(dir, create),
        Some(5) => typed::<{ N[5] }>(dir, create),
        _ if bytes == HUGE => typed::<{ HUGE / 8 }>(dir, create),
        _ => bail!("no type of {bytes} bytes"),
    }
}

impl<const N: usize> Store for Ours<N> {
    type View = Board<N>;
    type Edit = Board<N>;

    #[inline]
    fn read<R>(&mut self, f: impl FnMut(&Board<N>) -> R) -> Result<R> {
        Ok(self.state.read(f)?)
    }
    #[inline]
    fn update(&mut self, f: impl FnOnce(&mut Board<N>)) -> Result<()> {
        Ok(self.state.update(f)?)
    }
    #[inline]
    fn roll_back(&mut self, at: usize, value: u64) -> Result<()> {
        let verdict = self.state.try_update(|s| {
            s.items[at] = value;
            s.counter = value;
            Err::<(), ()>(())
        })?;
        if verdict.is_ok() {
            bail!("an error was taken for a success");
        }
        Ok(())
    }
    fn snapshot(&mut self) -> Result<()> {
        drop(black_box(self.state.snapshot()?));
        Ok(())
    }
    #[inline]
    fn load(&mut self) -> Result<u64> {
        Ok(self.state.load(&self.counter)?)
    }
}

impl<const N: usize> Read for Board<N> {
    #[inline]
    fn counter(&self) -> u64 {
        self.counter
    }
    #[inline]
    fn len(&self) -> usize {
        self.items.len()
    }
    #[inline]
    fn get(&self, at: usize) -> u64 {
        self.items[at]
    }
    #[inline]
    fn sum(&self) -> u64 {
        sum(&self.items)
    }
    fn to_vec(&self) -> Vec<u64> {
        self.items.to_vec()
    }
}

impl<const N: usize> Write for Board<N> {
    #[inline]
    fn set_counter(&mut self, value: u64) {
        self.counter = value;
    }
    #[inline]
    fn add(&mut self, at: usize, by: u64) {
        let item = &mut self.items[at];
        *item = item.wrapping_add(by);
    }
    #[inline]
    fn set(&mut self, at: usize, value: u64) {
        self.items[at] = value;
    }
    #[inline]
    fn push(&mut self, value: u64) {
        self.items.push(value).unwrap_or_else(|_| unreachable!("not full"));
    }
    fn pop(&mut self) {
        self.items.pop();
    }
    fn clear(&mut self) {
        self.items.clear();
    }
    #[inline]
    fn is_full(&self) -> bool {
        self.items.is_full()
    }
    fn insert_front(&mut self, value: u64) {
        self.items.insert(0, value).unwrap_or_else(|_| unreachable!("not full"));
    }
    fn touch(&mut self) {
        black_box(self.items.as_mut_slice());
    }
}
