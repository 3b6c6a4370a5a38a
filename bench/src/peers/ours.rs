//! shmstate itself.

use super::Peer;
use super::store::Store;
use crate::child::stay_on;
use crate::counter_list::{HUGE, LARGE, Read, SIZES, Write, spot, sum};
use crate::measure::{Side, timed};
use anyhow::{Context, Result, bail};
use shmstate::{List, Projection, SharedLayout, State};
use std::cell::Cell;
use std::hint::black_box;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

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
        _ if bytes == LARGE => typed::<{ LARGE / 8 }>(dir, create),
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
    /// Each update repairs a part of the copy that it takes, if that lacks much: the whole of it in 512 such updates.
    fn settle(&mut self) -> Result<()> {
        for _ in 0..2048 {
            self.state.update(|_| ())?;
        }
        Ok(())
    }
    fn keeps_copies(&self) -> bool {
        true
    }
    fn followed(&mut self) -> Result<[Side<'_>; 3]> {
        let (state, next) = (&self.state, Cell::new(0));
        let follower = Rc::new(Mutex::new(state.follow()?));
        let both: Side<'_> = Box::new({
            let follower = follower.clone();
            move |count| {
                let mut follower = follower.lock().unwrap_or_else(PoisonError::into_inner);
                follower.advance()?; // what others have done
                let range = next.get()..next.get() + count;
                next.set(range.end);
                let (done, time) = timed(|| {
                    range.into_iter().try_for_each(|n| {
                        update(state, n)?;
                        follower.advance()?.context("a change").map(|change| drop(black_box(change)))
                    })
                });
                done.map(|()| time)
            }
        });
        let advance: Side<'_> = Box::new(move |count| {
            let mut follower = follower.lock().unwrap_or_else(PoisonError::into_inner);
            let follower = &mut *follower; // a guard stays with its thread
            follower.advance()?;
            beside_updates(state, count, |at| {
                black_box(follower.advance()?.context("a change")?);
                Ok(black_box(follower.get().items[at]))
            })
        });
        let read: Side<'_> = Box::new(move |count| {
            beside_updates(state, count, |at| Ok(state.read(|s| s.items[at].wrapping_add(s.counter))?))
        });
        Ok([both, advance, read])
    }
    #[inline]
    fn load(&mut self) -> Result<u64> {
        Ok(self.state.load(&self.counter)?)
    }
}

fn update<const N: usize>(state: &State<Board<N>>, n: u64) -> Result<usize> {
    let at = spot(n, N);
    state.update(|s| {
        s.items[at] = s.items[at].wrapping_add(1);
        s.counter += 1;
    })?;
    Ok(at)
}

/// What it takes on this core to see each of so many updates by the other one, without the clock's own time.
fn beside_updates<const N: usize>(
    state: &State<Board<N>>,
    count: u64,
    mut see: impl FnMut(usize) -> Result<u64> + Send,
) -> Result<f64> {
    /// Neither asked for nor done; in between, the number of the item.
    const OVER: usize = usize::MAX;
    let (asked, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let wait = |word: &AtomicUsize, seen: usize| {
        loop {
            match word.load(Ordering::Acquire) {
                value if value != seen => break value,
                _ => std::hint::spin_loop(),
            }
        }
    };
    thread::scope(|threads| {
        let updates = threads.spawn(|| {
            stay_on(0);
            let mut n = 0;
            while wait(&asked, n) != OVER {
                let at = update(state, n as u64);
                n += 1;
                done.store(at.as_ref().map_or(OVER, |at| (n << 32) | at), Ordering::Release);
                at?;
            }
            anyhow::Ok(())
        });
        let seen = threads.spawn(|| {
            stay_on(1);
            let (mut time, mut last) = (0.0, 0);
            for n in 1..=count as usize {
                asked.store(n, Ordering::Release);
                last = wait(&done, last);
                if last == OVER {
                    break;
                }
                let (seen, took) = timed(|| see(last & 0xffff_ffff));
                let (_, clock) = timed(|| ());
                time += took - clock;
                black_box(seen?);
            }
            anyhow::Ok(time)
        });
        let time = seen.join().unwrap_or_else(|_| bail!("a panic"));
        asked.store(OVER, Ordering::Release);
        updates.join().unwrap_or_else(|_| bail!("a panic"))?;
        time
    })
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
