//! SQLite: a table of keys and values.

use super::{Dict, Keyed};
use crate::counter_list::{entries, key};
use crate::peers::{Peer, sqlite};
use anyhow::Result;
use rusqlite::{Connection, Params};
use std::path::Path;

struct Sqlite(Connection);

pub fn create(dir: &Path, bytes: usize) -> Result<Box<dyn Peer>> {
    let mut base = sqlite::connection(&dir.join("sqlite-map"))?;
    base.execute_batch(
        "CREATE TABLE meta (id INTEGER PRIMARY KEY, counter INTEGER);
         CREATE TABLE entries (key INTEGER PRIMARY KEY, value INTEGER);
         INSERT INTO meta VALUES (0, 0)",
    )?;
    let entries = entries(bytes);
    let txn = base.transaction()?;
    {
        let mut insert = txn.prepare("INSERT INTO entries VALUES (?, 1)")?;
        for key in (0..entries).map(key) {
            insert.execute([key as i64])?;
        }
    }
    txn.commit()?;
    Ok(Box::new(Keyed { dict: Sqlite(base), entries }))
}

impl Sqlite {
    fn run(&self, sql: &str, params: impl Params) -> Result<()> {
        self.0.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }

    fn ask(&self, sql: &str, params: impl Params) -> Result<u64> {
        Ok(self.0.prepare_cached(sql)?.query_row(params, |row| row.get::<_, i64>(0))? as u64)
    }
}

impl Dict for Sqlite {
    fn get(&mut self, key: u64) -> Result<u64> {
        self.ask("SELECT value FROM entries WHERE key = ?", [key as i64])
    }

    fn count(&mut self, key: u64) -> Result<()> {
        self.run("BEGIN IMMEDIATE", [])?;
        self.run("UPDATE entries SET value = value + 1 WHERE key = ?", [key as i64])?;
        self.run("UPDATE meta SET counter = counter + 1", [])?;
        self.run("COMMIT", [])
    }

    fn counter(&mut self) -> Result<u64> {
        self.ask("SELECT counter FROM meta", [])
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        Ok((self.counter()?, self.ask("SELECT sum(value) FROM entries", [])?))
    }
}
