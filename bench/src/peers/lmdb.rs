//! LMDB through heed: the items in chunks of 1 KiB, one per key, so that no operation but those on all rewrites everything.

use super::Peer;
use crate::counter_list::{spot, spots, sum};
use crate::op::{BATCH, Op};
use anyhow::{Context, Result, bail};
use heed::byteorder::BigEndian;
use heed::types::{Bytes, U32};
use heed::{CommitOrAbort, Database, Env, EnvFlags, EnvOpenOptions, RoTxn, RwTxn, WithoutTls};
use std::hint::black_box;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

const CHUNK: usize = 128;
type Chunk = [u64; CHUNK];

type Chunks = Database<'static, U32<BigEndian>, Bytes>;

struct Lmdb {
    env: Env<WithoutTls>,
    chunks: Chunks,
    items: usize,
}

/// The key of counter and length; the chunks have those from 0.
const META: u32 = u32::MAX;

/// An environment of its own, with its one database.
pub fn environment<K: 'static, V: 'static>(
    dir: &Path,
    bytes: usize,
    sync: bool,
) -> Result<(Env<WithoutTls>, Database<'static, K, V>)> {
    std::fs::create_dir_all(dir)?;
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    // Pages that a reader may still see are not used again: room for them.
    options.map_size((8 * bytes).max(1 << 30));
    if !sync {
        // SAFETY: the machine does not crash and the file system is memory; all processes use the same flags.
        unsafe { options.flags(EnvFlags::NO_SYNC | EnvFlags::WRITE_MAP) };
    }
    // SAFETY: a directory of our own, on a local file system.
    let env = unsafe { options.open(dir) }?;
    let opened = env.create_databases_and_commit(env.write_txn()?, |databases, txn| {
        databases.create_database(txn, None).map(CommitOrAbort::<_, ()>::Commit)
    })?;
    let database = Result::from(opened).map_err(|()| anyhow::anyhow!("not committed"))?;
    Ok((env, database))
}

pub fn open(dir: &Path, bytes: usize, create: bool, sync: bool) -> Result<Box<dyn Peer>> {
    let (env, chunks): (_, Chunks) = environment(&dir.join(if sync { "lmdb" } else { "lmdb-no-sync" }), bytes, sync)?;
    let items = bytes / 8;
    if create {
        let mut txn = env.write_txn()?;
        for chunk in 0..items.div_ceil(CHUNK) {
            put(&chunks, &mut txn, chunk as u32, &[1; CHUNK])?;
        }
        put(&chunks, &mut txn, META, &[0, items as u64])?;
        txn.commit()?;
    }
    Ok(Box::new(Lmdb { env, chunks, items }))
}

fn put(chunks: &Chunks, txn: &mut RwTxn<'_>, key: u32, words: &[u64]) -> Result<()> {
    Ok(chunks.put(txn, &key, bytemuck::cast_slice(words))?)
}

/// The value's place is aligned to 2 bytes only.
fn get<const N: usize>(chunks: &Chunks, txn: &RoTxn<'_, heed::AnyTls>, key: u32) -> Result<[u64; N]> {
    let bytes = chunks.get(txn, &key)?.context("no such chunk")?;
    Ok(bytemuck::pod_read_unaligned(bytes))
}

/// One item, without copying its chunk.
fn item(chunks: &Chunks, txn: &RoTxn<'_, heed::AnyTls>, key: u32, at: usize) -> Result<u64> {
    let bytes = chunks.get(txn, &key)?.context("no such chunk")?;
    Ok(bytemuck::pod_read_unaligned(&bytes[8 * at..8 * at + 8]))
}

impl Lmdb {
    fn count(&self, txn: &RoTxn<'_, heed::AnyTls>) -> Result<u64> {
        item(&self.chunks, txn, META, 0)
    }

    fn item(&self, txn: &RoTxn<'_, heed::AnyTls>, at: usize) -> Result<u64> {
        item(&self.chunks, txn, (at / CHUNK) as u32, at % CHUNK)
    }

    fn change(&self, txn: &mut RwTxn<'_>, at: usize, by: impl FnOnce(u64) -> u64) -> Result<()> {
        let key = (at / CHUNK) as u32;
        let mut chunk: Chunk = get(&self.chunks, txn, key)?;
        chunk[at % CHUNK] = by(chunk[at % CHUNK]);
        put(&self.chunks, txn, key, &chunk)
    }

    fn update(&self, f: impl FnOnce(&mut RwTxn<'_>, &mut [u64; 2]) -> Result<()>) -> Result<()> {
        let mut txn = self.env.write_txn()?;
        let mut meta = get(&self.chunks, &txn, META)?;
        f(&mut txn, &mut meta)?;
        meta[0] += 1;
        put(&self.chunks, &mut txn, META, &meta)?;
        Ok(txn.commit()?)
    }

    fn torn(&self, txn: &RoTxn<'_, heed::AnyTls>) -> Result<bool> {
        Ok(self.item(txn, self.items - 1)? != self.count(txn)? + 1)
    }

    /// All chunks in order, as long as the items last.
    fn walk(&self, txn: &RoTxn<'_, heed::AnyTls>, mut f: impl FnMut(&[u64])) -> Result<()> {
        let mut left = item(&self.chunks, txn, META, 1)? as usize;
        for entry in self.chunks.iter(txn)? {
            let (key, bytes) = entry?;
            if key != META {
                let chunk: Chunk = bytemuck::pod_read_unaligned(bytes);
                let now = left.min(CHUNK);
                f(&chunk[..now]);
                left -= now;
            }
        }
        Ok(())
    }

    fn one(&mut self, op: Op, i: u64) -> Result<u64> {
        let len = self.items;
        match op {
            Op::Load => drop(black_box(self.counter()?)),
            Op::ReadOne => {
                let txn = self.env.read_txn()?;
                black_box(self.item(&txn, spot(i, len))?.wrapping_add(self.count(&txn)?));
            }
            Op::ReadLast => return Ok(self.torn(&*self.env.read_txn()?)?.into()),
            Op::ReadAll => drop(black_box(self.look()?)),
            Op::Snapshot => {
                let mut all = Vec::with_capacity(len);
                self.walk(&*self.env.read_txn()?, |chunk| all.extend_from_slice(chunk))?;
                black_box(all);
            }
            Op::UpdateOne => self.update(|txn, _| self.change(txn, spot(i, len), |item| item.wrapping_add(1)))?,
            Op::UpdateLast => self.update(|txn, _| self.change(txn, len - 1, |item| item + 1))?,
            Op::UpdateFar => self.update(|txn, _| {
                self.change(txn, spot(i, len - 1), |item| item + 1)?;
                self.change(txn, len - 1, |item| item + 1)
            })?,
            Op::Transfer => self.update(|txn, _| {
                let (from, to) = spots(i, len);
                self.change(txn, from, |item| item.wrapping_sub(1))?;
                self.change(txn, to, |item| item.wrapping_add(1))
            })?,
            Op::Batch => self.update(|txn, _| {
                (0..BATCH).try_for_each(|k| self.change(txn, spot(i * BATCH + k, len), |item| item.wrapping_add(1)))
            })?,
            Op::RollBack => {
                let mut txn = self.env.write_txn()?;
                self.change(&mut txn, spot(i, len), |_| i)?;
                put(&self.chunks, &mut txn, META, &[i, len as u64])?;
                txn.abort();
            }
            Op::Append => self.update(|txn, meta| {
                if meta[1] as usize == len {
                    meta[1] = 0;
                }
                self.change(txn, meta[1] as usize, |_| i)?;
                meta[1] += 1;
                Ok(())
            })?,
            Op::InsertFront => bail!("no list"),
            Op::LookUp | Op::UpdateKey => bail!("no map"),
        }
        Ok(0)
    }
}

impl Peer for Lmdb {
    fn run(&mut self, op: Op, mut range: Range<u64>) -> Result<u64> {
        range.try_fold(0, |torn, i| Ok(torn + self.one(op, i)?))
    }

    fn counter(&mut self) -> Result<u64> {
        self.count(&*self.env.read_txn()?)
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        let txn = self.env.read_txn()?;
        let mut total = 0u64;
        self.walk(&txn, |chunk| total = total.wrapping_add(sum(chunk)))?;
        Ok((self.count(&txn)?, total))
    }

    fn hold(&mut self, time: Duration) -> Result<u64> {
        let txn = self.env.read_txn()?;
        let before = self.torn(&txn)?;
        std::thread::sleep(time);
        Ok((before || self.torn(&txn)?).into())
    }

    fn hang_in_update(&mut self, entered: &mut dyn FnMut()) -> Result<()> {
        self.update(|txn, _| {
            self.change(txn, self.items - 1, |item| item + 1)?;
            entered();
            loop {
                std::thread::park();
            }
        })
    }
}
