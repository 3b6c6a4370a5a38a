//! A state in a file of its own, independent of any layout: its schema, and its values as JSON.
//!
//! The file is one JSON document with one member in each line, so that it can be read whatever order of members a JSON library
//! keeps. The last line is a checksum of those before it.

use super::data::Data;
use super::fault::{Within, fault};
use super::find::type_of_keys;
use super::iter::EntryKey;
use super::parse::Parse;
use super::shape::Shapes;
use super::state::DynState;
use super::value::{Value, ValueKind};
use super::write;
use crate::error::{Error, ErrorKind, ErrorRepr};
use crate::layout::Schema;
use crate::os::{self, FileLimit};
use crate::region::{BEGIN, begins_like_region};
use serde::de::DeserializeSeed;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use xxhash_rust::xxh3::Xxh3;

/// The number of the form of an exported file.
const FORM: u64 = 1;

/// How a store of a durable state begins, as each database of its engine does.
const STORE: &[u8] = b"redb";

/// A state that was read from a file.
pub(crate) struct Exported {
    pub(crate) schema: Schema,
    pub(crate) bytes: Vec<u8>,
}

/// Passes on what is written, and sums it up.
struct Summed<W> {
    out: W,
    sum: Xxh3,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.sum.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl DynState {
    /// Writes the committed version to a file, from which [`DynOptions::import`](super::DynOptions::import) and
    /// [`Options::import`](crate::Options::import) make a new region, also under another layout. An existing file is replaced, once
    /// the new one is complete; a region and a store of a durable state never are.
    ///
    /// ```
    /// # use shmstate::dynamic::DynState;
    /// # use shmstate::State;
    /// # let dir = tempfile::tempdir()?;
    /// # let (name, file) = (dir.path().join("number"), dir.path().join("number.json"));
    /// State::<u32>::create(&name)?.update(|n| *n = 7)?;
    /// DynState::open(&name)?.export(&file)?;
    /// // Later, or on another machine, in a release whose type is wider:
    /// let number = State::<u64>::options().import(&file, dir.path().join("wider"))?;
    /// assert_eq!(number.read(|n| *n)?, 7);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read); [`Unsupported`](ErrorKind::Unsupported) with the path of a value that JSON cannot hold: a
    /// floating-point number that is not finite, an archive, a `Maybe` whose value is none, an address with flow information;
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) for a file that is a region, a store or no plain file; or what the operating system
    /// says. No file is written then.
    pub fn export(&self, file: impl AsRef<Path>) -> Result<(), Error> {
        let file = file.as_ref();
        check_replaceable(file)?;
        check_replaceable(&os::part_of(file))?;
        os::write_document(file, |e| no_file(file, "write", e), |out| self.export_to(out))
    }

    /// Writes what [`export`](Self::export) puts into a file.
    ///
    /// # Errors
    /// As for [`export`](Self::export).
    pub fn export_to(&self, out: impl Write) -> Result<(), Error> {
        let snapshot = self.snapshot()?;
        let version = snapshot.version();
        check(snapshot.value())?;
        // Longer than a buffer of the program's, which writes what is left when it is dropped.
        let _limit = FileLimit::as_error();
        let mut out = Summed { out, sum: Xxh3::new() };
        let mut write = || {
            let schema = snapshot.shapes.schema.document();
            write!(out, "{{\"shmstate_export\":{FORM},\n\"version\":{version},\n\"schema\":{schema},\n\"value\":")?;
            serde_json::to_writer(&mut out, &snapshot.value())?;
            out.write_all(b",\n")?;
            let sum = out.sum.digest();
            writeln!(out, "\"checksum\":\"{sum:016x}\"}}")?;
            out.flush()
        };
        write().map_err(|e| no_file(Path::new("the export"), "write", e))
    }
}

/// The error of a file that is no region.
fn no_file(file: &Path, doing: &'static str, source: io::Error) -> Error {
    let advice = match source.kind() {
        io::ErrorKind::FileTooLarge => ": raise the limit on the size of a file (`ulimit -f`)",
        _ => "",
    };
    ErrorRepr::Io { path: file.to_owned(), doing, advice, source }.into()
}

/// Refuses a file that holds a state, or that is no plain file. An export must not replace it.
#[doc(hidden)]
pub fn check_replaceable(file: &Path) -> Result<(), Error> {
    let what = match os::read_begin(file, BEGIN) {
        Ok(None) => "no plain file",
        Ok(Some(begin)) if begins_like_region(&begin) => "a region",
        Ok(Some(begin)) if begin.starts_with(STORE) => "a store of a durable state",
        Ok(Some(_)) => return Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(no_file(file, "read", e)),
    };
    Err(ErrorRepr::NotReplaced { path: file.to_owned(), what }.into())
}

/// Refuses what JSON cannot hold.
fn check(value: Value<'_>) -> Result<(), Error> {
    let no_json = |what: &str| {
        let why = format!("{what} has no form in JSON: change it, or keep the bytes of a `Snapshot` instead");
        Err(fault(ErrorKind::Unsupported, why))
    };
    match value.kind() {
        ValueKind::Float if !value.as_f64()?.is_finite() => no_json("a number that is not finite"),
        ValueKind::Archived if !value.as_bytes()?.is_empty() => no_json("an archive"),
        ValueKind::Struct => value.fields()?.try_for_each(|(name, value)| check(value).within(name)),
        ValueKind::Enum => {
            let variant = value.variant()?;
            value.fields()?.try_for_each(|(name, value)| check(value).within(name)).within(variant)
        }
        ValueKind::Maybe => match value.some()? {
            Some(inner) if is_null(inner)? => no_json("a `Maybe` whose value is none"),
            Some(inner) => check(inner),
            None => Ok(()),
        },
        ValueKind::SocketAddress => match value.as_socket()?.into() {
            SocketAddr::V6(address) if address.flowinfo() != 0 => no_json("an address with flow information"),
            _ => Ok(()),
        },
        // Nothing of what stands there would be found again.
        ValueKind::Set | ValueKind::Map
            if !value.is_empty()? && type_of_keys(value.shapes, &value.shape().form).is_err() =>
        {
            type_of_keys(value.shapes, &value.shape().form).map(drop)
        }
        ValueKind::Sequence | ValueKind::Set => {
            value.items()?.enumerate().try_for_each(|(index, value)| check(value).within(&format!("[{index}]")))
        }
        ValueKind::Map | ValueKind::Slab => value.entries()?.try_for_each(|entry| {
            let (key, value) = entry?;
            if let EntryKey::Value(key) = key {
                check(key).within("[key]")?;
            }
            check(value).within("[..]")
        }),
        _ => Ok(()),
    }
}

/// Whether a value is `null` in JSON.
fn is_null(value: Value<'_>) -> Result<bool, Error> {
    match value.kind() {
        ValueKind::Maybe | ValueKind::NonZero => Ok(value.some()?.is_none()),
        // A struct of one field without a name is written as that one.
        ValueKind::Struct if value.field_shapes()?.numbered => {
            let mut fields = value.fields()?;
            match (fields.next(), fields.next()) {
                (Some((_, one)), None) => is_null(one),
                _ => Ok(false),
            }
        }
        _ => Ok(false),
    }
}

impl Exported {
    /// Reads a file that any process may have written.
    pub(crate) fn read(file: &Path) -> Result<Exported, Error> {
        let bytes = os::read_document(file).map_err(|e| no_file(file, "read", e))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| "it is no UTF-8".to_owned());
        let no_export = |why| Error::from(ErrorRepr::NoExport { path: file.to_owned(), why });
        let (shapes, data) = text.and_then(Self::parse).map_err(no_export)?;
        match write::bytes(&shapes, shapes.root(), &data) {
            Ok(bytes) => Ok(Exported { schema: shapes.schema, bytes }),
            Err(e) if e.kind() == ErrorKind::NoSpace => Err(e),
            Err(e) => Err(no_export(format!("its value: {e}"))),
        }
    }

    /// The types and the value that are written there.
    fn parse(text: &str) -> Result<(Shapes, Data), String> {
        let lines: Vec<&str> = text.lines().collect();
        let [form, _version, schema, value, sum] = lines[..] else {
            return Err("it has not five lines, one for each member".into());
        };
        let member = |line: &'_ str, name: &str| {
            let inner = line.strip_prefix(&format!("\"{name}\":")).and_then(|rest| rest.strip_suffix(','));
            inner.map(str::to_owned).ok_or_else(|| format!("it has no member `{name}` in its place"))
        };
        let form = form.strip_prefix("{\"shmstate_export\":").and_then(|form| form.strip_suffix(','));
        match form.and_then(|form| form.parse::<u64>().ok()) {
            Some(FORM) => {}
            Some(form) => return Err(format!("it has form {form}, and this version of shmstate knows form {FORM}")),
            None => return Err("it does not begin as one".into()),
        }
        let body = &text[..text.len() - text.lines().next_back().map_or(0, str::len) - 1];
        let mut found = Xxh3::new();
        found.update(body.as_bytes());
        if sum != format!("\"checksum\":\"{:016x}\"}}", found.digest()) {
            return Err("its checksum is of another content: it is damaged, or was edited".into());
        }
        let schema = Schema::from_json(&member(schema, "schema")?).map_err(|why| format!("its schema: {why}"))?;
        let shapes = Shapes::new(&schema).map_err(|why| format!("its schema: {why}"))?;
        let (value, (root, _)) = (member(value, "value")?, shapes.settle(shapes.root(), 0));
        let mut reader = serde_json::Deserializer::from_str(&value);
        let data = Parse::value(&shapes, root).deserialize(&mut reader);
        let data = data.and_then(|data| reader.end().map(|()| data)).map_err(|e| format!("its value: {e}"))?;
        Ok((shapes, data))
    }
}

impl super::DynOptions {
    /// Creates a state with the layout and the content of an exported file: see [`DynState::export`]. The handle can update it;
    /// [`DynState::migrate`] brings it to another layout. No process sees the state before it is filled, except where there is no
    /// `/proc`: see [`create_from_schema_with`](Self::create_from_schema_with).
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) for a file that is no export, or damaged; otherwise as for
    /// [`DynState::create_from_schema`]. Nothing has been created then.
    pub fn import(self, file: impl AsRef<Path>, name: impl AsRef<Path>) -> Result<DynState, Error> {
        let exported = Exported::read(file.as_ref())?;
        let fill = |state: &DynState| state.put(&exported.bytes);
        self.create_with(name.as_ref(), &exported.schema.document(), Some(&fill))
    }
}
