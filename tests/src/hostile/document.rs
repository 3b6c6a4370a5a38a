//! Schemas of an attacker that knows the checksums.
//!
//! The types are those of the format chapter, so that documents that are JSON, and the fingerprint that goes with them, can be
//! made out of nonsense.

use super::file::Sketch;
use super::types::Mixed;
use super::{open, path, put};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// A layout as data.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Schema {
    /// The form of the document.
    pub shmstate: u64,
    /// Parts before the whole.
    pub types: Vec<Type>,
    /// Words about them.
    pub docs: Vec<Doc>,
}

/// The documentation of a type, or of a part of it.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Doc {
    #[serde(rename = "type")]
    pub ty: u32,
    pub part: String,
    pub text: String,
}

/// One type.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Type {
    pub name: String,
    pub size: u64,
    pub align: u32,
    pub version: u32,
    pub arguments: Vec<Argument>,
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a generic type was given.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Argument {
    Type(u32),
    Const(String),
    Opaque(bool),
}

/// What it is.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Kind {
    Scalar { scalar: String },
    Struct { fields: Vec<Field> },
    Enum { repr: String, variants: Vec<Variant> },
    Array { item: u32, len: u64 },
    List { item: u32, capacity: u64, items: u64 },
    Text { capacity: u64, bytes: u64 },
    Pod,
    Archive { rkyv: String, byte_order: String, pointer_width: u8, aligned: bool },
}

/// A field.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Field {
    pub name: String,
    pub offset: u64,
    #[serde(rename = "type")]
    pub ty: u32,
}

/// A variant.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Variant {
    pub name: String,
    pub value: u64,
    pub fields: Vec<Field>,
}

impl Schema {
    /// The schema of these types.
    #[must_use]
    pub fn new(types: Vec<Type>) -> Schema {
        Schema { shmstate: 1, types, docs: vec![] }
    }

    /// The schema in this document, if it is one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Schema> {
        serde_json::from_slice(bytes).ok()
    }

    /// Its document, canonical.
    ///
    /// # Panics
    /// If there is no memory.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a document")
    }

    fn fingerprint(&self) -> u64 {
        let mut identity = serde_json::to_string(&Schema { docs: vec![], ..self.clone() }).expect("a document");
        let end = identity.len() - ",\"docs\":[]}".len();
        identity.truncate(end);
        xxh3_64((identity + "}").as_bytes())
    }
}

/// The document of [`Mixed`].
#[must_use]
pub fn sound() -> Vec<u8> {
    let sketch = Sketch::sound(2, 1);
    let at = sketch.word(152);
    sketch.bytes[at..at + sketch.word(104)].to_vec()
}

/// Any bytes as the document of a file in which everything else is right.
pub fn schema(document: &[u8]) {
    let path = path("schema");
    put(&path, &file_of(document));
    drop(open::<Mixed>(&path));
}

/// A file with these bytes as its document, in which everything else is right.
pub(super) fn file_of(document: &[u8]) -> Vec<u8> {
    let document = &document[..document.len().min(1 << 20)];
    let mut sketch = Sketch::sound(2, 1);
    // A type whose size no file here can have is refused before, or by the file's length.
    let (size, align, fingerprint) = match Schema::from_bytes(document) {
        Some(schema) => {
            let root = schema.types.last().map_or((1, 1), |ty| (ty.size, ty.align));
            (root.0.clamp(1, 1 << 20), root.1, schema.fingerprint())
        }
        None => (64, 8, 0),
    };
    let bits = (size.div_ceil(4096)).div_ceil(64);
    let words = bits + bits.div_ceil(64);
    let (lines, notes) = (512 + 64, 512 + 64 + 2 * 64);
    let pages = notes + 8 * (size / 64).clamp(64, 4096).next_power_of_two();
    let at = pages + 2 * 8 * words;
    let images = (at + document.len() as u64).next_multiple_of(4096);
    let stride = size.next_multiple_of(4096);
    sketch.bytes.truncate(at as usize);
    sketch.bytes.resize(at as usize, 0);
    sketch.bytes.extend_from_slice(document);
    sketch.bytes.resize((images + 2 * stride) as usize, 0);
    let numbers = [
        (24, images + 2 * stride),
        (72, fingerprint),
        (80, size),
        (88, u64::from(align) | 2 << 32),
        (104, document.len() as u64),
        (136, lines),
        (144, pages),
        (152, at),
        (160, images),
        (168, stride),
        (176, notes),
    ];
    numbers.into_iter().for_each(|(at, value)| sketch.set(at, value));
    sketch.sealed()
}

/// What this file says of the document is what the library writes, byte by byte.
///
/// # Panics
/// If it is not.
pub fn agrees_with_the_library() {
    let document = sound();
    let schema = Schema::from_bytes(&document).expect("a sound one");
    assert_eq!(String::from_utf8(schema.to_bytes()), String::from_utf8(document));
    let fingerprint = Sketch::sound(2, 1).word(72) as u64;
    assert_eq!(schema.fingerprint(), fingerprint);
}
