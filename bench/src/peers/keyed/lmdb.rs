//! LMDB as what it is: keys and values.

use super::{Dict, Keyed};
use crate::counter_list::{entries, key};
use crate::peers::{Peer, lmdb};
use anyhow::{Context, Result};
use heed::byteorder::{BigEndian, NativeEndian};
use heed::types::U64;
use heed::{AnyTls, Database, Env, RoTxn, WithoutTls};
use std::path::Path;

type Numbers = Database<'static, U64<BigEndian>, U64<NativeEndian>>;

struct Lmdb {
    env: Env<WithoutTls>,
    numbers: Numbers,
}

/// The key of the counter: no entry has it.
const COUNTER: u64 = 0;

pub fn create(dir: &Path, bytes: usize, sync: bool) -> Result<Box<dyn Peer>> {
    let (env, numbers) = lmdb::environment(&dir.join(if sync { "lmdb-map" } else { "lmdb-map-no-sync" }), bytes, sync)?;
    let entries = entries(bytes);
    let mut txn = env.write_txn()?;
    for key in (0..entries).map(key) {
        numbers.put(&mut txn, &key, &1)?;
    }
    numbers.put(&mut txn, &COUNTER, &0)?;
    txn.commit()?;
    Ok(Box::new(Keyed { dict: Lmdb { env, numbers }, entries }))
}

impl Lmdb {
    fn at(&self, txn: &RoTxn<'_, AnyTls>, key: u64) -> Result<u64> {
        self.numbers.get(txn, &key)?.context("the key is there")
    }
}

impl Dict for Lmdb {
    fn get(&mut self, key: u64) -> Result<u64> {
        self.at(&*self.env.read_txn()?, key)
    }

    fn count(&mut self, key: u64) -> Result<()> {
        let mut txn = self.env.write_txn()?;
        for key in [key, COUNTER] {
            let value = self.at(&txn, key)?;
            self.numbers.put(&mut txn, &key, &(value + 1))?;
        }
        Ok(txn.commit()?)
    }

    fn counter(&mut self) -> Result<u64> {
        self.get(COUNTER)
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        let txn = self.env.read_txn()?;
        let counter = self.at(&txn, COUNTER)?;
        let mut sum = 0u64;
        for entry in self.numbers.iter(&txn)? {
            sum = sum.wrapping_add(entry?.1);
        }
        Ok((counter, sum - counter))
    }
}
