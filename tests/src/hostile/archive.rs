//! Schemas of somebody who knows the checksums.
//!
//! The types are those of `shmstate/src/layout/schema.rs`, so that archives that are sound as such, and the fingerprint
//! that goes with them, can be made out of nonsense.

use super::file::Sketch;
use super::types::Mixed;
use super::{open, path, put};
use rkyv::{Archive, Deserialize, Serialize, rancor};
use std::fmt::Write;
use xxhash_rust::xxh3::xxh3_64;

/// A layout as data.
#[derive(Archive, Serialize, Deserialize, Clone, Debug)]
pub struct Schema {
    /// Parts before the whole.
    pub types: Vec<Type>,
    /// Words about them.
    pub docs: Vec<Doc>,
}

/// The documentation of a type, or of a part of it.
#[derive(Archive, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Doc {
    pub ty: u32,
    pub part: String,
    pub text: String,
}

/// One type.
#[derive(Archive, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Type {
    pub name: String,
    pub size: u64,
    pub align: u32,
    pub version: u32,
    pub arguments: Vec<Given>,
    pub shape: Shape,
}

/// What a generic type was given.
#[derive(Archive, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub enum Given {
    Type(u32),
    Const(i128),
    Opaque,
}

/// What it is.
#[derive(Archive, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub enum Shape {
    Scalar(u8),
    Struct(Vec<Member>),
    Enum { repr: u8, variants: Vec<Choice> },
    Array { item: u32, len: u64 },
    List { item: u32, capacity: u64, items: u64 },
    Text { capacity: u64, bytes: u64 },
    Pod,
}

/// A field.
#[derive(Archive, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Member {
    pub name: String,
    pub offset: u64,
    pub ty: u32,
}

/// A variant.
#[derive(Archive, Serialize, Deserialize, Clone, Debug)]
#[allow(missing_docs)]
pub struct Choice {
    pub name: String,
    pub value: u64,
    pub members: Vec<Member>,
}

impl Schema {
    /// The schema in these bytes, if they are one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Schema> {
        let mut aligned = rkyv::util::AlignedVec::<16>::with_capacity(bytes.len());
        aligned.extend_from_slice(bytes);
        rkyv::from_bytes::<Schema, rancor::Error>(&aligned).ok()
    }

    /// Its archive.
    ///
    /// # Panics
    /// If there is no memory.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        rkyv::to_bytes::<rancor::Error>(self).expect("an archive").to_vec()
    }

    fn fingerprint(&self) -> u64 {
        let mut text = String::new();
        for (i, ty) in self.types.iter().enumerate() {
            let _ = write!(text, "{i} {}", ty.name);
            for given in &ty.arguments {
                let _ = match given {
                    Given::Type(index) => write!(text, " of {index}"),
                    Given::Const(number) => write!(text, " of = {number}"),
                    Given::Opaque => write!(text, " of _"),
                };
            }
            let _ = write!(text, " size {} align {} version {}: ", ty.size, ty.align, ty.version);
            let write_members = |text: &mut String, members: &[Member]| {
                members.iter().try_for_each(|m| write!(text, "{} {} at {}, ", m.name, m.ty, m.offset))
            };
            let _ = match &ty.shape {
                Shape::Scalar(code) => write!(text, "scalar {code}"),
                Shape::Struct(members) => write_members(&mut text, members),
                Shape::Enum { repr, variants } => {
                    let _ = write!(text, "enum {repr}, ");
                    variants.iter().try_for_each(|variant| {
                        write!(text, "{} = {}, ", variant.name, variant.value)?;
                        if variant.members.is_empty() {
                            return Ok(());
                        }
                        text.push_str("{ ");
                        write_members(&mut text, &variant.members)?;
                        write!(text, "}}, ")
                    })
                }
                Shape::Array { item, len } => write!(text, "array {item} x {len}"),
                Shape::List { item, capacity, items } => write!(text, "list {item} x {capacity} at {items}"),
                Shape::Text { capacity, bytes } => write!(text, "text {capacity} at {bytes}"),
                Shape::Pod => write!(text, "pod"),
            };
            text.push('\n');
        }
        xxh3_64(text.as_bytes())
    }
}

/// The archive of the schema of [`Mixed`].
#[must_use]
pub fn sound() -> Vec<u8> {
    let sketch = Sketch::sound(2, 1);
    let at = sketch.word(152);
    sketch.bytes[at..at + sketch.word(104)].to_vec()
}

/// Any bytes as the archive of a file in which everything else is right.
pub fn schema(archive: &[u8]) {
    let archive = &archive[..archive.len().min(1 << 20)];
    let mut sketch = Sketch::sound(2, 1);
    // A type whose size no file here can have is refused before, or by the file's length.
    let (size, align, fingerprint) = match Schema::from_bytes(archive) {
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
    let images = (at + archive.len() as u64).next_multiple_of(4096);
    let stride = size.next_multiple_of(4096);
    sketch.bytes.truncate(at as usize);
    sketch.bytes.resize(at as usize, 0);
    sketch.bytes.extend_from_slice(archive);
    sketch.bytes.resize((images + 2 * stride) as usize, 0);
    let numbers = [
        (24, images + 2 * stride),
        (72, fingerprint),
        (80, size),
        (88, u64::from(align) | 2 << 32),
        (104, archive.len() as u64),
        (136, lines),
        (144, pages),
        (152, at),
        (160, images),
        (168, stride),
        (176, notes),
    ];
    numbers.into_iter().for_each(|(at, value)| sketch.set(at, value));
    let path = path("schema");
    put(&path, &sketch.sealed());
    drop(open::<Mixed>(&path));
}
