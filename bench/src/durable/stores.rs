//! The stores: each keeps a counter of every writer, and one of all.

use anyhow::{Context, Result};
use heed::byteorder::NativeEndian;
use heed::types::U64;
use heed::{CommitOrAbort, Env, EnvOpenOptions, WithoutTls};
use redb::{Database, ReadableTable, TableDefinition};
use rusqlite::Connection;
use shmstate::{Array, SharedLayout};
use shmstate_durable::DurableState;
use std::path::Path;
use std::time::Duration;

/// Counters.
pub const WRITERS: usize = 64;

/// The key of the counter of all.
const ALL: u64 = WRITERS as u64;

/// A store, and how a writer counts in it: the count is on disk after that.
pub trait Store: Sync {
    /// Counts until it is said to stop. Each writer has a thread.
    fn count(&self, writer: usize, go_on: &mut dyn FnMut() -> bool) -> Result<()>;

    /// What all writers have counted.
    fn total(&self) -> Result<u64>;
}

/// The names of the stores.
pub const NAMES: [&str; 5] =
    ["shmstate-durable", "redb by hand", "SQLite, WAL, FULL", "SQLite, WAL, NORMAL (power cuts lose commits)", "LMDB"];

/// A new store of that name.
pub fn create(name: &str, dir: &Path, memory: &Path) -> Result<Box<dyn Store>> {
    Ok(match NAMES.iter().position(|known| *known == name).context("a known name")? {
        0 => Box::new(Ours::new(dir, memory)?),
        1 => Box::new(Redb::new(dir)?),
        2 => Box::new(Sqlite::new(dir, "FULL")?),
        3 => Box::new(Sqlite::new(dir, "NORMAL")?),
        _ => Box::new(Lmdb::new(dir)?),
    })
}

#[derive(SharedLayout)]
#[repr(C)]
struct Counters {
    all: u64,
    each: Array<u64, WRITERS>,
}

struct Ours(DurableState<Counters>);

impl Ours {
    fn new(dir: &Path, memory: &Path) -> Result<Ours> {
        let options = DurableState::options().interval(Duration::from_secs(1)).timeout(Duration::from_secs(60));
        Ok(Ours(options.open(memory.join("counters"), dir)?))
    }
}

impl Store for Ours {
    fn count(&self, writer: usize, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        while go_on() {
            self.0.update_durable(|s| {
                s.all += 1;
                s.each[writer] += 1;
            })?;
        }
        Ok(())
    }

    fn total(&self) -> Result<u64> {
        Ok(self.0.read(|s| s.all)?)
    }
}

const TABLE: TableDefinition<'_, u64, u64> = TableDefinition::new("counters");

struct Redb(Database);

impl Redb {
    fn new(dir: &Path) -> Result<Redb> {
        let db = Database::create(dir.join("redb"))?;
        let transaction = db.begin_write()?;
        {
            let mut table = transaction.open_table(TABLE)?;
            (0..=ALL).try_for_each(|key| table.insert(key, 0).map(drop))?;
        }
        transaction.commit()?;
        Ok(Redb(db))
    }
}

impl Store for Redb {
    fn count(&self, writer: usize, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        while go_on() {
            let transaction = self.0.begin_write()?;
            {
                let mut table = transaction.open_table(TABLE)?;
                for key in [writer as u64, ALL] {
                    let count = table.get(key)?.map_or(0, |count| count.value());
                    table.insert(key, count + 1)?;
                }
            }
            transaction.commit()?;
        }
        Ok(())
    }

    fn total(&self) -> Result<u64> {
        Ok(self.0.begin_read()?.open_table(TABLE)?.get(ALL)?.map_or(0, |count| count.value()))
    }
}

struct Sqlite {
    file: std::path::PathBuf,
    synchronous: &'static str,
}

impl Sqlite {
    fn new(dir: &Path, synchronous: &'static str) -> Result<Sqlite> {
        let sqlite = Sqlite { file: dir.join("sqlite"), synchronous };
        let connection = sqlite.connect()?;
        connection.execute("CREATE TABLE counters (key INTEGER PRIMARY KEY, count INTEGER)", [])?;
        for key in 0..=ALL as i64 {
            connection.execute("INSERT INTO counters VALUES (?, 0)", [key])?;
        }
        Ok(sqlite)
    }

    fn connect(&self) -> Result<Connection> {
        let connection = Connection::open(&self.file)?;
        connection.busy_timeout(Duration::from_secs(60))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", self.synchronous)?;
        Ok(connection)
    }
}

impl Store for Sqlite {
    fn count(&self, writer: usize, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let connection = self.connect()?;
        let mut count = connection.prepare("UPDATE counters SET count = count + 1 WHERE key IN (?, ?)")?;
        while go_on() {
            count.execute([writer as i64, ALL as i64])?;
        }
        Ok(())
    }

    fn total(&self) -> Result<u64> {
        let total =
            self.connect()?.query_row("SELECT count FROM counters WHERE key = ?", [ALL as i64], |row| row.get(0));
        Ok(total.map(i64::unsigned_abs)?)
    }
}

struct Lmdb {
    env: Env<WithoutTls>,
    counters: heed::Database<'static, U64<NativeEndian>, U64<NativeEndian>>,
}

impl Lmdb {
    fn new(dir: &Path) -> Result<Lmdb> {
        let dir = dir.join("lmdb");
        std::fs::create_dir(&dir)?;
        // SAFETY: a directory of our own, on a local file system, which no other process opens.
        let env = unsafe { EnvOpenOptions::new().read_txn_without_tls().map_size(64 << 20).open(&dir) }?;
        let opened = env.create_databases_and_commit(env.write_txn()?, |databases, txn| {
            databases.create_database(txn, None).map(CommitOrAbort::<_, ()>::Commit)
        })?;
        let counters: heed::Database<'_, U64<NativeEndian>, U64<NativeEndian>> =
            Result::from(opened).map_err(|()| anyhow::anyhow!("not committed"))?;
        let mut txn = env.write_txn()?;
        (0..=ALL).try_for_each(|key| counters.put(&mut txn, &key, &0))?;
        txn.commit()?;
        Ok(Lmdb { env, counters })
    }
}

impl Store for Lmdb {
    fn count(&self, writer: usize, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        while go_on() {
            let mut txn = self.env.write_txn()?;
            for key in [writer as u64, ALL] {
                let count = self.counters.get(&txn, &key)?.unwrap_or_default();
                self.counters.put(&mut txn, &key, &(count + 1))?;
            }
            txn.commit()?;
        }
        Ok(())
    }

    fn total(&self) -> Result<u64> {
        let txn = self.env.read_txn()?;
        Ok(self.counters.get(&txn, &ALL)?.unwrap_or_default())
    }
}
