//! SQLite, in WAL mode, in memory (tmpfs) and without syncing: one row per item.

use super::Peer;
use crate::counter_list::{spot, spots};
use crate::op::{BATCH, Op};
use anyhow::{Result, bail};
use rusqlite::{Connection, Params, Row, params};
use std::hint::black_box;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

struct Sqlite {
    base: Connection,
    items: usize,
}

pub fn connection(path: &Path) -> Result<Connection> {
    let base = Connection::open(path)?;
    base.busy_timeout(Duration::from_secs(30))?;
    base.set_prepared_statement_cache_capacity(32);
    base.pragma_update(None, "journal_mode", "WAL")?;
    base.pragma_update(None, "synchronous", "OFF")?;
    Ok(base)
}

pub fn open(dir: &Path, bytes: usize, create: bool) -> Result<Box<dyn Peer>> {
    let base = connection(&dir.join("sqlite"))?;
    let items = bytes / 8;
    if create {
        base.execute_batch(
            "CREATE TABLE meta (id INTEGER PRIMARY KEY, counter INTEGER, len INTEGER);
             CREATE TABLE items (id INTEGER PRIMARY KEY, value INTEGER);",
        )?;
        base.execute("INSERT INTO meta VALUES (0, 0, ?)", [items as i64])?;
        base.execute(
            "WITH RECURSIVE n (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM n WHERE id + 1 < ?)
             INSERT INTO items SELECT id, 1 FROM n",
            [items as i64],
        )?;
    }
    Ok(Box::new(Sqlite { base, items }))
}

impl Sqlite {
    fn run_sql(&self, sql: &str, params: impl Params) -> Result<()> {
        self.base.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }

    fn ask<R>(&self, sql: &str, params: impl Params, f: impl FnOnce(&Row<'_>) -> rusqlite::Result<R>) -> Result<R> {
        Ok(self.base.prepare_cached(sql)?.query_row(params, f)?)
    }

    fn add(&self, at: usize, by: i64) -> Result<()> {
        self.run_sql("UPDATE items SET value = value + ?2 WHERE id = ?1", params![at as i64, by])
    }

    fn update(&self, f: impl FnOnce() -> Result<()>) -> Result<()> {
        self.run_sql("BEGIN IMMEDIATE", [])?;
        f()?;
        self.run_sql("UPDATE meta SET counter = counter + 1", [])?;
        self.run_sql("COMMIT", [])
    }

    /// One statement sees one version.
    fn torn(&self) -> Result<bool> {
        let sql = "SELECT value, counter FROM items, meta WHERE items.id = ?";
        self.ask(sql, [self.items as i64 - 1], |row| Ok(row.get::<_, i64>(0)? != row.get::<_, i64>(1)? + 1))
    }

    fn one(&mut self, op: Op, i: u64) -> Result<u64> {
        let len = self.items;
        match op {
            Op::Load => drop(black_box(self.counter()?)),
            Op::ReadOne => {
                let sql = "SELECT value + counter FROM items, meta WHERE items.id = ?";
                black_box(self.ask(sql, [spot(i, len) as i64], |row| row.get::<_, i64>(0))?);
            }
            Op::ReadLast => return Ok(self.torn()?.into()),
            Op::ReadAll => drop(black_box(self.look()?)),
            Op::Snapshot => {
                let mut all = self.base.prepare_cached("SELECT value FROM items ORDER BY id")?;
                black_box(all.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?);
            }
            Op::UpdateOne => self.update(|| self.add(spot(i, len), 1))?,
            Op::UpdateLast => self.update(|| self.add(len - 1, 1))?,
            Op::UpdateFar => self.update(|| {
                self.add(spot(i, len - 1), 1)?;
                self.add(len - 1, 1)
            })?,
            Op::Transfer => self.update(|| {
                let (from, to) = spots(i, len);
                self.add(from, -1)?;
                self.add(to, 1)
            })?,
            Op::Batch => {
                self.update(|| (0..BATCH).try_for_each(|k| self.add(spot(i * BATCH + k, len), 1)))?;
            }
            Op::RollBack => {
                self.run_sql("BEGIN IMMEDIATE", [])?;
                self.add(spot(i, len), 1)?;
                self.run_sql("UPDATE meta SET counter = ?", [i as i64])?;
                self.run_sql("ROLLBACK", [])?;
            }
            Op::Append => self.update(|| {
                let mut end = self.ask("SELECT len FROM meta", [], |row| row.get::<_, i64>(0))?;
                if end as usize == len {
                    self.run_sql("DELETE FROM items", [])?;
                    end = 0;
                }
                self.run_sql("INSERT INTO items VALUES (?, ?)", [end, i as i64])?;
                self.run_sql("UPDATE meta SET len = ?", [end + 1])
            })?,
            Op::InsertFront => bail!("no list"),
            Op::LookUp | Op::UpdateKey => bail!("no map"),
        }
        Ok(0)
    }
}

impl Peer for Sqlite {
    fn run(&mut self, op: Op, mut range: Range<u64>) -> Result<u64> {
        range.try_fold(0, |torn, i| Ok(torn + self.one(op, i)?))
    }

    fn counter(&mut self) -> Result<u64> {
        self.ask("SELECT counter FROM meta", [], |row| Ok(row.get::<_, i64>(0)? as u64))
    }

    fn look(&mut self) -> Result<(u64, u64)> {
        self.ask("SELECT counter, (SELECT sum(value) FROM items) FROM meta", [], |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
        })
    }

    fn hold(&mut self, time: Duration) -> Result<u64> {
        self.run_sql("BEGIN", [])?;
        let before = self.torn()?;
        std::thread::sleep(time);
        let torn = before || self.torn()?;
        self.run_sql("COMMIT", [])?;
        Ok(torn.into())
    }

    fn hang_in_update(&mut self, entered: &mut dyn FnMut()) -> Result<()> {
        self.update(|| {
            self.add(self.items - 1, 1)?;
            entered();
            loop {
                std::thread::park();
            }
        })
    }
}
