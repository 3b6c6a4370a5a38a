//! [`Snapshot`]: a version in memory of its own.

use super::create::schema_of;
use super::fault::{damaged, fault, invalid};
use super::shape::Shapes;
use super::source::Source;
use super::validate::validate;
use super::value::Value;
use crate::error::{Error, ErrorKind};
use std::fmt;
use std::sync::Arc;

/// A version of a state, copied: [`DynState::snapshot`](super::DynState::snapshot).
#[derive(Clone)]
pub struct Snapshot {
    pub(super) bytes: Box<[u8]>,
    pub(super) shapes: Arc<Shapes>,
    pub(super) version: u64,
}

impl Snapshot {
    /// A version that was kept outside of shared memory: the schema of its region, its number, and its bytes.
    ///
    /// These may come from anywhere; the bytes are checked to be a value of the type that the schema describes. Archives, and the
    /// places of keys of a program's own type, are checked where the type is known:
    /// [`Options::open_or_restore`](crate::Options::open_or_restore).
    ///
    /// ```
    /// use shmstate::dynamic::Snapshot;
    /// # use shmstate::State;
    /// # let dir = tempfile::tempdir()?;
    /// let number = State::<u64>::create(dir.path().join("number"))?;
    /// number.update(|n| *n = 7)?;
    /// let follower = number.follow()?;
    /// let kept = Snapshot::from_parts(&State::<u64>::schema(), follower.version(), follower.bytes())?;
    /// assert_eq!((kept.version(), kept.value().as_u64()?), (1, 7));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for what is no schema; [`Corrupt`](crate::ErrorKind::Corrupt) for bytes
    /// that are no value of it.
    pub fn from_parts(schema: &str, version: u64, bytes: impl Into<Box<[u8]>>) -> Result<Snapshot, Error> {
        let (schema, bytes) = (schema_of(schema)?, bytes.into());
        let shapes =
            Shapes::new(&schema).map_err(|why| fault(ErrorKind::InvalidOption, format!("the schema: {why}")))?;
        if bytes.len() != shapes.size() {
            return Err(damaged(format!("{} bytes of a state of {}", bytes.len(), shapes.size())));
        }
        if version >= 1 << 56 {
            return Err(damaged(format!("there is no version {version}: a version has 56 bits")));
        }
        checked(&Arc::new(shapes), bytes, version)
    }

    /// The bytes of the state.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The schema of the state: see [`DynState::schema`](super::DynState::schema).
    #[must_use]
    pub fn schema(&self) -> String {
        self.shapes.schema.document()
    }

    /// The number of the version that was copied.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The whole state.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        Value::root(&self.shapes, Source::Whole(&self.bytes))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

/// A copy of a version, if it is a value of its type.
pub(super) fn checked(shapes: &Arc<Shapes>, bytes: Box<[u8]>, version: u64) -> Result<Snapshot, Error> {
    validate(shapes, shapes.root(), Source::Whole(&bytes), 0).map_err(|e| invalid(&e))?;
    Ok(Snapshot { bytes, shapes: Arc::clone(shapes), version })
}
