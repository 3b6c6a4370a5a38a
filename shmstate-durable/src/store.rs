//! The store: a database of the engine with the pages of one version of a state, its schema, and a record about both.
//!
//! Each transaction brings the whole store to another version. What is read from it is compared with the store's own digests, because the
//! engine compares its checksums only after a crash.

use crate::error::Error;
use crate::grown::Grown;
use crate::head::Head;
use crate::pages::{self, Pages};
use crate::paths::identity;
use crate::untouched::Untouched;
use redb::backends::FileBackend;
use redb::{Database, ReadableTable, StorageBackend, TableDefinition, TableError};
use shmstate::FileLimit;
use shmstate::dynamic::Snapshot;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::{Deref, DerefMut, Range};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// By page number: the digest of the page, then its bytes. A page of zeroes is not there.
const PAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("pages");

/// `head`: the record; `schema`: the schema of the region, as a document.
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");

/// Bytes of a page: with its key and its digest, it fills one page of the engine.
pub(crate) const PAGE: u32 = 4064;

/// Bytes that the engine keeps in memory.
const CACHE: usize = 64 << 20;

/// A store that this process has open; no other one has.
pub(crate) struct Store {
    db: Open,
    path: PathBuf,
    head: Head,
}

/// What of an image may differ from what a store has.
#[derive(Clone, Copy)]
pub(crate) enum Differing<'a> {
    /// Anything: each page is compared.
    Any,
    /// These bytes, in order, since the version that the store has.
    Ranges(&'a [Range<usize>]),
}

/// The file `new`, empty and locked, in which the store `path` is made. Another process that makes the same store is an error; what one has
/// left that died is taken over.
fn unfinished(path: &Path, new: &Path, mode: u32) -> Result<FileBackend, Error> {
    let failed = || Error::io(path, "create");
    loop {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(mode).open(new);
        let file = file.map_err(failed())?;
        let backend = FileBackend::new(file.try_clone().map_err(failed())?);
        let backend = backend.map_err(|e| Error::engine(path, "create", e))?;
        let found = file.metadata().map_err(failed())?;
        if identity(new) != [found.dev(), found.ino()] {
            continue; // the process that made it has given it its name, or has removed it
        }
        if found.nlink() > 1 {
            // The process that made it died after it had given it its name.
            fs::remove_file(new).map_err(failed())?;
            continue;
        }
        file.set_len(0).map_err(failed())?;
        // Whatever the umask says, as for a region.
        file.set_permissions(fs::Permissions::from_mode(mode)).map_err(failed())?;
        return Ok(backend);
    }
}

/// The database in a medium; a new one if that is empty.
fn database_in(path: &Path, medium: impl StorageBackend) -> Result<Open, Error> {
    let mut engine = Database::builder();
    engine.set_cache_size(CACHE).create_with_file_format_v3(true);
    let db = unless_it_panics(path, || {
        engine.create_with_backend(Grown(medium)).map_err(|e| Error::engine(path, "open", e))
    })?;
    Ok(Open(Some(db)))
}

/// A database of the engine until it is closed, which may panic as well: the engine writes then.
struct Open(Option<Database>);

impl Drop for Open {
    fn drop(&mut self) {
        let db = self.0.take();
        let _limit = FileLimit::as_error();
        // What it would have written saves time at the next opening, and nothing else.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(db)));
    }
}

impl Deref for Open {
    type Target = Database;

    fn deref(&self) -> &Database {
        self.0.as_ref().expect("it is closed when it is dropped")
    }
}

impl DerefMut for Open {
    fn deref_mut(&mut self) -> &mut Database {
        self.0.as_mut().expect("it is closed when it is dropped")
    }
}

/// Runs code of the engine, which may panic over a damaged file. It writes: a file that would become too long is an error.
fn unless_it_panics<R>(path: &Path, run: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    let _limit = FileLimit::as_error();
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(Error::damaged(path, "the engine cannot make sense of it, and has said why above")))
}

impl Store {
    /// Opens the store of that path; `None` if there is none.
    pub(crate) fn open(path: &Path) -> Result<Option<Store>, Error> {
        let Some(file) = Self::file(path, true)? else { return Ok(None) };
        Self::of(database_in(path, file)?, path).map(Some)
    }

    /// [`open`](Self::open), of which nothing comes into the file: neither what is written, nor what the engine repairs. It takes the right
    /// to read the file.
    pub(crate) fn open_untouched(path: &Path) -> Result<Option<Store>, Error> {
        let Some(file) = Self::file(path, false)? else { return Ok(None) };
        let file = Untouched::new(file).map_err(Error::io(path, "open"))?;
        Self::of(database_in(path, file)?, path).map(Some)
    }

    /// The file of a store, locked.
    fn file(path: &Path, writes: bool) -> Result<Option<FileBackend>, Error> {
        let failed = || Error::io(path, "open");
        loop {
            let file = match OpenOptions::new().read(true).write(writes).open(path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(Error::not_allowed(path, &e, if writes { "read and write" } else { "read" }));
                }
                file => file.map_err(failed())?,
            };
            let found = file.metadata().map_err(failed())?;
            if found.len() == 0 {
                return Err(Error::damaged(path, "it is empty"));
            }
            let file = FileBackend::new(file).map_err(|e| Error::engine(path, "open", e))?;
            // The process that had it locked may have removed it.
            if identity(path) == [found.dev(), found.ino()] {
                return Ok(Some(file));
            }
        }
    }

    /// Creates a store of that path, which `fill` fills: it is there as a whole, or not at all.
    pub(crate) fn create(
        path: &Path,
        mode: u32,
        lineage: u128,
        fill: impl FnOnce(&mut Store) -> Result<(), Error>,
    ) -> Result<Store, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let new = path.with_file_name(format!(".{name}.new"));
        let medium = unfinished(path, &new, mode)?;
        let made = Self::create_in(medium, path, &new, lineage, fill);
        if made.is_err() {
            // It is locked again, because another process may make the store by now.
            let _ = unfinished(path, &new, mode).map(|_locked| fs::remove_file(&new));
        }
        made
    }

    /// Creates a store in the medium that the file `new` is, and gives it its name.
    fn create_in(
        medium: impl StorageBackend,
        path: &Path,
        new: &Path,
        lineage: u128,
        fill: impl FnOnce(&mut Store) -> Result<(), Error>,
    ) -> Result<Store, Error> {
        let failed = || Error::io(path, "create");
        let mut store = Self::begin(database_in(path, medium)?, path, lineage, PAGE)?;
        fill(&mut store)?;
        fs::hard_link(new, path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: path.to_owned() },
            _ => failed()(e),
        })?;
        // The store is locked, so that it is not what another process makes.
        let _ = fs::remove_file(new);
        // A power cut must not take the name away.
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed())?;
        Ok(store)
    }

    /// A store in a medium of the caller's, which is new if it is empty.
    #[cfg_attr(not(test), expect(dead_code, reason = "for tests of power cuts"))]
    pub(crate) fn in_medium(medium: impl StorageBackend, lineage: u128, page: u32) -> Result<Store, Error> {
        let path = Path::new("(medium)");
        let failed = Error::io(path, "open");
        let is_new = medium.len().map_err(failed)? == 0;
        let db = database_in(path, medium)?;
        if is_new { Self::begin(db, path, lineage, page) } else { Self::of(db, path) }
    }

    /// Makes a new database a store, which has no version yet.
    fn begin(db: Open, path: &Path, lineage: u128, page: u32) -> Result<Store, Error> {
        let mut store = Store { db, path: path.to_owned(), head: Head::empty(lineage, page) };
        store.transact("create", |_, _, head| Ok(head))?;
        Ok(store)
    }

    /// What a database says of itself.
    fn of(db: Open, path: &Path) -> Result<Store, Error> {
        let head = unless_it_panics(path, || {
            let bytes = record(&db, path, "head")?;
            Head::from_bytes(&bytes).map_err(|why| Error::damaged(path, why))
        })?;
        Ok(Store { db, path: path.to_owned(), head })
    }

    pub(crate) fn head(&self) -> Head {
        self.head
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The version that it has, and whether that is of this layout.
    pub(crate) fn has(&self, version: u64, schema: &str) -> bool {
        self.head.version == Some(version) && self.head.schema == xxh3_64(schema.as_bytes())
    }

    /// Makes it the store of another region, which goes on with what it has.
    pub(crate) fn bind(&mut self, lineage: u128) -> Result<(), Error> {
        self.transact("write", |_, _, head| Ok(Head { lineage, ..head }))
    }

    /// Writes a version of the state: what differs of its bytes, in one transaction that is on disk when this returns.
    pub(crate) fn write(
        &mut self,
        version: u64,
        schema: &str,
        image: &[u8],
        differing: Differing<'_>,
    ) -> Result<(), Error> {
        let schema_digest = xxh3_64(schema.as_bytes());
        let cut = Pages { size: image.len(), page: self.head.page as usize };
        let has_layout =
            self.head.version.is_some() && (self.head.schema, self.head.size) == (schema_digest, image.len() as u64);
        let numbers = match differing {
            Differing::Ranges(ranges) if has_layout => cut.touched(ranges),
            _ => (0..cut.count()).collect(),
        };
        let path = self.path.clone();
        self.transact("write", |pages, meta, head| {
            let failed = |e: redb::StorageError| Error::engine(&path, "write", e);
            let (mut sum, mut buffer) = (head.digest, Vec::new());
            for number in numbers {
                let bytes = &image[cut.bytes(number)];
                let before = match pages.get(number).map_err(failed)? {
                    Some(kept) => {
                        let (digest, before) = pages::parts(kept.value()).ok_or_else(|| no_page(&path, number))?;
                        if before == bytes {
                            continue;
                        }
                        Some(digest)
                    }
                    None => None,
                };
                sum = sum.wrapping_sub(before.unwrap_or(0));
                if !pages::is_zero(bytes) {
                    let digest = pages::digest(number, bytes);
                    sum = sum.wrapping_add(digest);
                    pages::kept(digest, bytes, &mut buffer);
                    pages.insert(number, &*buffer).map_err(failed)?;
                } else if before.is_some() {
                    pages.remove(number).map_err(failed)?;
                }
            }
            if !has_layout {
                // Of a state that was larger.
                let mut past = 0u64;
                let gone = |_: u64, kept: &[u8]| {
                    past = past.wrapping_add(pages::parts(kept).map_or(0, |(digest, _)| digest));
                    false
                };
                pages.retain_in(cut.count().., gone).map_err(failed)?;
                sum = sum.wrapping_sub(past);
                meta.insert("schema", schema.as_bytes()).map_err(failed)?;
            }
            Ok(Head { version: Some(version), size: image.len() as u64, schema: schema_digest, digest: sum, ..head })
        })
    }

    /// One transaction, which is on disk when this returns. `write` returns what the store says of itself from then on.
    fn transact(
        &mut self,
        doing: &'static str,
        write: impl FnOnce(&mut redb::Table<'_, u64, &[u8]>, &mut redb::Table<'_, &str, &[u8]>, Head) -> Result<Head, Error>,
    ) -> Result<(), Error> {
        let (path, db, head) = (&self.path, &self.db, self.head);
        self.head = unless_it_panics(path, || {
            let failed = |e: redb::Error| Error::engine(path, doing, e);
            let mut transaction = db.begin_write().map_err(|e| failed(e.into()))?;
            transaction.set_durability(redb::Durability::Immediate);
            let mut pages = transaction.open_table(PAGES).map_err(|e| failed(e.into()))?;
            let mut meta = transaction.open_table(META).map_err(|e| failed(e.into()))?;
            let head = write(&mut pages, &mut meta, head)?;
            meta.insert("head", &*head.to_bytes()).map_err(|e| failed(e.into()))?;
            drop((pages, meta));
            transaction.commit().map_err(|e| failed(e.into()))?;
            Ok(head)
        })?;
        Ok(())
    }

    /// The version that it has, with every page and value of it checked; `None` before the first one.
    pub(crate) fn read(&self) -> Result<Option<Snapshot>, Error> {
        let Some(version) = self.head.version else { return Ok(None) };
        let path = &self.path;
        let (schema, bytes) = unless_it_panics(path, || self.read_pages())?;
        Snapshot::from_parts(&schema, version, bytes)
            .map(Some)
            .map_err(|e| Error::damaged(path, format!("it holds no value of its type: {e}")))
    }

    /// The schema, and the bytes of the state.
    fn read_pages(&self) -> Result<(String, Vec<u8>), Error> {
        let (path, head) = (&*self.path, self.head);
        let damaged = |why: &str| Error::damaged(path, why);
        let failed = |e: redb::Error| Error::engine(path, "read", e);
        let schema = record(&self.db, path, "schema")?;
        if xxh3_64(&schema) != head.schema {
            return Err(damaged("its schema is another one than it was written with"));
        }
        let schema = String::from_utf8(schema).map_err(|_| damaged("its schema is no UTF-8"))?;
        let size = usize::try_from(head.size).map_err(|_| damaged("its size"))?;
        let cut = Pages { size, page: head.page as usize };
        if Vec::<u8>::new().try_reserve_exact(size).is_err() {
            return Err(damaged("its state is larger than memory"));
        }
        let (mut bytes, mut sum) = (vec![0; size], 0u64);
        let transaction = self.db.begin_read().map_err(|e| failed(e.into()))?;
        let pages = transaction.open_table(PAGES).map_err(|e| no_table(path, e))?;
        for entry in pages.iter().map_err(|e| failed(e.into()))? {
            let (number, kept) = entry.map_err(|e| failed(e.into()))?;
            let (number, kept) = (number.value(), kept.value());
            let page = (number < cut.count()).then(|| &mut bytes[cut.bytes(number)]);
            let (Some(page), Some((digest, content))) = (page, pages::parts(kept)) else {
                return Err(no_page(path, number));
            };
            if content.len() != page.len() || pages::digest(number, content) != digest {
                return Err(no_page(path, number));
            }
            page.copy_from_slice(content);
            sum = sum.wrapping_add(digest);
        }
        if sum != head.digest {
            return Err(damaged("pages of it are missing, or of another version"));
        }
        Ok((schema, bytes))
    }

    /// Lets the engine compare all its checksums as well.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        let (path, db) = (&self.path, &mut self.db);
        let sound = unless_it_panics(path, || db.check_integrity().map_err(|e| Error::engine(path, "check", e)))?;
        if sound { Ok(()) } else { Err(Error::damaged(path, "checksums of the engine differ")) }
    }
}

/// A record about the pages.
fn record(db: &Database, path: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let transaction = db.begin_read().map_err(|e| Error::engine(path, "read", e))?;
    let meta = transaction.open_table(META).map_err(|e| no_table(path, e))?;
    let found = meta.get(name).map_err(|e| Error::engine(path, "read", e))?;
    let found = found.ok_or_else(|| Error::damaged(path, format!("it has no record `{name}`")))?;
    Ok(found.value().to_vec())
}

/// A table that every store has cannot be opened.
fn no_table(path: &Path, e: TableError) -> Error {
    match e {
        TableError::Storage(e) => Error::engine(path, "read", e),
        e => Error::damaged(path, format!("it is a database of something else: {e}")),
    }
}

/// A page is not what was written.
fn no_page(path: &Path, number: u64) -> Error {
    Error::damaged(path, format!("page {number} is not as it was written"))
}
