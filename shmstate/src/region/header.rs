//! The identity at the start of a region file: written once, checked at every attach.

use super::geometry::{CONTROL, Geometry, HEADER, SLOTS};
use crate::error::{Error, ErrorRepr};
use crate::layout::{Layout, Origins, Schema};
use crate::os;
use bytemuck::{Pod, Zeroable};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// The first eight bytes of every region.
pub(super) const MAGIC: [u8; 8] = *b"shmstate";

/// The format that this version writes and reads. A change of anything in the format chapter changes it.
pub(super) const FORMAT: u32 = 1;

/// Reads as another number on a machine of the other byte order.
const BYTE_ORDER: u32 = 0x0102_0304;

/// The bytes as they lie in the file; nothing about them is known.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct RawHeader {
    pub(super) magic: [u8; 8],
    pub(super) format: u32,
    pub(super) byte_order: u32,
    /// Of all bytes of the header after it.
    pub(super) checksum: u64,
    pub(super) file_len: u64,
    pub(super) region_id: [u64; 2],
    pub(super) boot_id: [u64; 2],
    pub(super) created_ns: u64,
    pub(super) fingerprint: u64,
    pub(super) state_size: u64,
    pub(super) state_align: u32,
    pub(super) copies: u32,
    pub(super) slots: u32,
    pub(super) max_copies: u32,
    pub(super) schema_len: u64,
    pub(super) schema_checksum: u64,
    pub(super) control_at: u64,
    pub(super) slots_at: u64,
    pub(super) lines_at: u64,
    pub(super) pages_at: u64,
    pub(super) schema_at: u64,
    pub(super) images_at: u64,
    pub(super) stride: u64,
    pub(super) log_at: u64,
    pub(super) lineage: [u64; 2],
    pub(super) spare: [u64; 7],
}

const _: () = assert!(size_of::<RawHeader>() as u64 == HEADER);

/// What is outside of the checksum.
const PREFIX: usize = 24;

impl RawHeader {
    /// The identity of a new region.
    pub(super) fn new(geometry: &Geometry, schema: &Schema, document: &[u8], lineage: u128) -> io::Result<RawHeader> {
        let words = |id: u128| [id as u64, (id >> 64) as u64];
        let root = schema.root();
        let mut raw = RawHeader {
            magic: MAGIC,
            format: FORMAT,
            byte_order: BYTE_ORDER,
            checksum: 0,
            file_len: geometry.file_len(),
            region_id: words(os::random_u128()),
            boot_id: words(os::boot_id()?),
            created_ns: os::now_ns(),
            fingerprint: schema.fingerprint(),
            state_size: geometry.size,
            state_align: root.map_or(1, |ty| ty.align),
            copies: geometry.copies as u32,
            slots: geometry.slots as u32,
            max_copies: geometry.max_copies as u32,
            schema_len: geometry.schema_len,
            schema_checksum: xxh3_64(document),
            control_at: CONTROL,
            slots_at: SLOTS,
            lines_at: geometry.lines(),
            pages_at: geometry.pages(),
            schema_at: geometry.schema(),
            images_at: geometry.images(),
            stride: geometry.stride(),
            log_at: geometry.log(),
            lineage: words(lineage),
            spare: [0; 7],
        };
        raw.checksum = raw.sum();
        Ok(raw)
    }

    pub(super) fn sum(&self) -> u64 {
        xxh3_64(&bytemuck::bytes_of(self)[PREFIX..])
    }
}

/// Refuses a file that is nothing like a region, damaged or of another format.
pub(crate) fn recognise(path: &Path, file: &OwnedFd) -> Result<(), Error> {
    let bytes = os::read(path, file, 0, HEADER as usize)?;
    // Without content, nothing is lost.
    if bytes.is_empty() { Ok(()) } else { check_begin(path, &bytes) }
}

/// How many of a file's first bytes say whether it is a region.
#[cfg(feature = "dynamic")]
pub(crate) const BEGIN: usize = HEADER as usize;

/// Whether a file's first bytes are a region's: they begin like one, or have been overwritten, and those after them are.
pub(crate) fn begins_like_region(bytes: &[u8]) -> bool {
    let places = std::mem::offset_of!(RawHeader, control_at)..std::mem::offset_of!(RawHeader, lines_at);
    let known = bytemuck::cast::<_, [u8; 16]>([CONTROL, SLOTS]);
    bytes.starts_with(&MAGIC) || bytes.get(places).is_some_and(|places| places == known)
}

fn check_begin(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if begins_like_region(bytes) {
        return Ok(());
    }
    Err(ErrorRepr::NoRegion { path: path.to_owned(), why: "it does not begin like a region of shmstate" }.into())
}

/// The error for a region of layout `found` where a program has another type, with the differences.
fn mismatch(path: &Path, found: &Schema, program: &Schema, origins: &Origins) -> Error {
    let (name, table, losses) = differences(found, program, origins);
    ErrorRepr::LayoutMismatch { path: path.to_owned(), name, table, losses, remedy: None }.into()
}

/// The program's type, how the layout `found` differs from it, and what a migration would lose.
pub(crate) fn differences(found: &Schema, program: &Schema, origins: &Origins) -> (String, String, Vec<String>) {
    let name = program.root().map(|root| program.type_name(root)).unwrap_or_default();
    let (table, losses) = match found.compare(program, origins) {
        Some(table) => (table.to_string(), table.losses),
        None => (found.differences(program).join("\n  "), Vec::new()),
    };
    (name, table, losses)
}

/// A header that has been verified, with the schema of the region.
pub(super) struct Header {
    pub(super) geometry: Geometry,
    pub(super) schema: Schema,
    pub(super) fingerprint: u64,
    pub(super) align: u32,
    /// The random number of the region.
    pub(super) id: u128,
    pub(super) lineage: u128,
    /// Whether it was made under another boot id than this process sees.
    other_run: bool,
}

impl Header {
    /// Refuses a region that was there before the machine was restarted, because its pages may be of several versions.
    ///
    /// The boot id alone does not decide, because containers can have one of their own. A file in memory does not survive a
    /// restart, and a file that another process has open is of this run.
    pub(super) fn check_run(&self, path: &Path, file: &OwnedFd) -> Result<(), Error> {
        if !self.other_run || os::is_memory(path, file)? {
            return Ok(());
        }
        let used = os::is_populated(file).map_err(|e| Error::io(path, "lock", e))?;
        if used { Ok(()) } else { Err(ErrorRepr::Rebooted { path: path.to_owned(), remedy: None }.into()) }
    }

    /// Refuses a region of another type, with the differences.
    pub(super) fn check_type(&self, path: &Path, layout: &'static Layout) -> Result<(), Error> {
        let (program, origins) = Schema::with_origins(layout);
        // All that identifies the layout is compared. A fingerprint says quickly that two differ; that they are the same it does
        // not say, because two layouts of one fingerprint can be searched for.
        let same = self.fingerprint == program.fingerprint()
            && self.schema.is_same(&program)
            && self.geometry.size == layout.size as u64
            && self.align as usize == layout.align;
        if same {
            return Ok(());
        }
        Err(mismatch(path, &self.schema, &program, &origins))
    }

    /// Reads and verifies the header and the schema of a file that any process may have written.
    pub(super) fn read(path: &Path, file: &OwnedFd) -> Result<Header, Error> {
        let corrupt = |why: &str| Error::corrupt(path, why);
        let bytes = os::read(path, file, 0, HEADER as usize)?;
        check_begin(path, &bytes)?;
        if bytes[..MAGIC.len()] != MAGIC {
            return Err(corrupt("its first bytes were overwritten"));
        }
        let raw: RawHeader =
            bytemuck::try_pod_read_unaligned(&bytes).map_err(|_| corrupt("it ends within its header"))?;
        if raw.byte_order == BYTE_ORDER.swap_bytes() {
            return Err(corrupt("it was made on a machine of the other byte order"));
        }
        if raw.byte_order != BYTE_ORDER {
            return Err(corrupt("its byte order mark is damaged"));
        }
        if raw.format != FORMAT {
            return Err(ErrorRepr::UnknownFormat {
                path: path.to_owned(),
                found: raw.format,
                known: FORMAT,
                remedy: None,
            }
            .into());
        }
        if raw.checksum != raw.sum() {
            return Err(corrupt("its header is damaged (the checksum differs)"));
        }
        let [copies, max_copies, slots] = [raw.copies, raw.max_copies, raw.slots].map(|n| n as usize);
        let geometry = Geometry::new(copies, max_copies, slots, raw.state_size, raw.schema_len)
            .filter(|g| Self::agrees(g, &raw))
            .ok_or_else(|| corrupt("the numbers in its header contradict each other"))?;
        let len = os::len(path, file)?;
        if len < geometry.file_len() {
            let why = format!("it was cut off: {len} bytes are there, {} belong to it", geometry.file_len());
            return Err(Error::corrupt(path, why));
        }
        let boot = os::boot_id().map_err(|e| Error::io(path, "compare the machine's boot id with", e))?;
        let number = |words: [u64; 2]| u128::from(words[1]) << 64 | u128::from(words[0]);
        let made = number(raw.boot_id);
        let other_run = boot != 0 && made != 0 && boot != made;
        let document = os::read(path, file, geometry.schema(), geometry.schema_len as usize)?;
        if document.len() as u64 != geometry.schema_len || xxh3_64(&document) != raw.schema_checksum {
            return Err(corrupt("its schema is damaged (the checksum differs)"));
        }
        let schema =
            Schema::from_document(&document).map_err(|why| Error::corrupt(path, format!("its schema: {why}")))?;
        let root_fits = schema.root().is_some_and(|ty| ty.size == raw.state_size && ty.align == raw.state_align);
        if !root_fits || schema.fingerprint() != raw.fingerprint {
            return Err(corrupt("its schema and its header contradict each other"));
        }
        let (fingerprint, align) = (raw.fingerprint, raw.state_align);
        let (id, lineage) = (number(raw.region_id), number(raw.lineage));
        Ok(Header { geometry, schema, fingerprint, align, id, lineage, other_run })
    }

    /// Whether every number in the header is the one that the geometry gives.
    fn agrees(geometry: &Geometry, raw: &RawHeader) -> bool {
        (raw.control_at, raw.slots_at, raw.lines_at) == (CONTROL, SLOTS, geometry.lines())
            && (raw.log_at, raw.pages_at) == (geometry.log(), geometry.pages())
            && (raw.schema_at, raw.images_at) == (geometry.schema(), geometry.images())
            && (raw.stride, raw.file_len) == (geometry.stride(), geometry.file_len())
    }
}
