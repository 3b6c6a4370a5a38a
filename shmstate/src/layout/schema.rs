//! A layout as data: the archive that lies in the region, and its fingerprint.

use super::{Argument, Field, Kind, Layout, Variant};
use rkyv::{Archive, Deserialize, Serialize, rancor};
use std::fmt::Write;
use xxhash_rust::xxh3::xxh3_64;

/// The description of a state, with every type once; a type's parts stand before it, and the last one is the state's.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Schema {
    pub(crate) types: Vec<Type>,
    /// Documentation, apart from the types: it makes no two of them different.
    #[cfg_attr(feature = "json", serde(skip))]
    pub(crate) docs: Vec<Doc>,
}

/// The documentation of a type, or of a part of it.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Doc {
    /// The type's index.
    pub(crate) ty: u32,
    /// The field or the variant, `variant.field` for a variant's field; nothing for the type itself.
    pub(crate) part: String,
    pub(crate) text: String,
}

/// One type. Numbers are of fixed width, so that the archive is the same everywhere.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) align: u32,
    pub(crate) version: u32,
    pub(crate) arguments: Vec<Given>,
    pub(crate) shape: Shape,
}

/// [`Argument`], with types by their index.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Given {
    Type(u32),
    Const(#[cfg_attr(feature = "json", serde(with = "super::json::decimal"))] i128),
    Opaque,
}

/// [`Kind`], with types by their index.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Shape {
    Scalar(u8),
    Struct(Vec<Member>),
    Enum { repr: u8, variants: Vec<Choice> },
    Array { item: u32, len: u64 },
    List { item: u32, capacity: u64, items: u64 },
    Text { capacity: u64, bytes: u64 },
    Pod,
}

/// A field of a struct or of a variant.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) ty: u32,
}

/// A variant of an enum.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Choice {
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) members: Vec<Member>,
}

impl Schema {
    /// The schema of a type.
    pub(crate) fn of(layout: &Layout) -> Schema {
        let mut schema = Schema { types: Vec::new(), docs: Vec::new() };
        schema.add(layout);
        schema
    }

    fn add(&mut self, layout: &Layout) -> u32 {
        let shape = match layout.kind {
            Kind::Scalar(scalar) => Shape::Scalar(scalar as u8),
            Kind::Struct(fields) => Shape::Struct(self.members(fields)),
            Kind::Enum { repr, variants } => {
                let choice =
                    |v: &Variant| Choice { name: v.name.into(), value: v.value, members: self.members(v.fields) };
                Shape::Enum { repr: repr as u8, variants: variants.iter().map(choice).collect() }
            }
            Kind::Array { item, len } => Shape::Array { item: self.add(item), len: len as u64 },
            Kind::List { item, capacity, items } => {
                Shape::List { item: self.add(item), capacity: capacity as u64, items: items as u64 }
            }
            Kind::Text { capacity, bytes } => Shape::Text { capacity: capacity as u64, bytes: bytes as u64 },
            Kind::Pod => Shape::Pod,
        };
        let arguments = layout.arguments.iter().map(|argument| match *argument {
            Argument::Type(layout) => Given::Type(self.add(layout)),
            Argument::Const(number) => Given::Const(number),
            Argument::Opaque => Given::Opaque,
        });
        let ty = Type {
            name: layout.name.into(),
            size: layout.size as u64,
            align: layout.align as u32,
            version: layout.version,
            arguments: arguments.collect(),
            shape,
        };
        if let Some(index) = self.types.iter().position(|t| *t == ty) {
            return index as u32;
        }
        self.types.push(ty);
        let index = self.types.len() as u32 - 1;
        self.document(index, layout);
        index
    }

    fn members(&mut self, fields: &[Field]) -> Vec<Member> {
        let member = |f: &Field| Member { name: f.name.into(), offset: f.offset as u64, ty: self.add(f.layout) };
        fields.iter().map(member).collect()
    }

    /// Notes what is documented of type `ty`.
    fn document(&mut self, ty: u32, layout: &Layout) {
        let mut note = |part: String, text: &str| {
            if !text.is_empty() {
                let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
                self.docs.push(Doc { ty, part, text: text.chars().map(plain).collect() });
            }
        };
        note(String::new(), layout.docs);
        match layout.kind {
            Kind::Struct(fields) => fields.iter().for_each(|f| note(f.name.into(), f.docs)),
            Kind::Enum { variants, .. } => {
                for variant in variants {
                    note(variant.name.into(), variant.docs);
                    variant.fields.iter().for_each(|f| note(format!("{}.{}", variant.name, f.name), f.docs));
                }
            }
            _ => {}
        }
    }

    /// The state's own type.
    pub(crate) fn root(&self) -> Option<&Type> {
        self.types.last()
    }

    /// The type of that index, which the schema itself has named.
    pub(crate) fn get(&self, index: u32) -> Option<&Type> {
        self.types.get(index as usize)
    }

    /// The archive that goes into the region.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, rancor::BoxedError> {
        rkyv::to_bytes::<rancor::BoxedError>(self).map(|bytes| bytes.to_vec())
    }

    /// Reads an archive that anybody may have written: the bytes are validated first, then the meaning.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Schema, String> {
        let mut aligned = rkyv::util::AlignedVec::<16>::with_capacity(bytes.len());
        aligned.extend_from_slice(bytes);
        let schema: Schema =
            rkyv::from_bytes::<Schema, rancor::BoxedError>(&aligned).map_err(|e| format!("not a schema: {e}"))?;
        schema.check()?;
        Ok(schema)
    }

    /// A number that differs when names, kinds, offsets, sizes, alignments, capacities or versions differ, and that
    /// depends on neither the crate, the module, the compiler nor the archive's format: the hash of [`Self::text`].
    pub(crate) fn fingerprint(&self) -> u64 {
        xxh3_64(self.text().as_bytes())
    }

    /// The canonical text of a schema: what the fingerprint covers.
    pub(crate) fn text(&self) -> String {
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
        text
    }

    /// The type as it would be written in Rust, or the beginning of that.
    pub(crate) fn type_name(&self, ty: &Type) -> String {
        let mut name = String::new();
        self.write_name(&mut name, ty);
        name
    }

    fn write_name(&self, text: &mut String, ty: &Type) {
        /// A file may nest types so that their names double with each step.
        const LONGEST: usize = 1000;
        if text.len() > LONGEST {
            text.push('…');
            return;
        }
        let inner = |text: &mut String, index: u32| match self.get(index) {
            Some(ty) => self.write_name(text, ty),
            None => text.push('?'),
        };
        let _ = match &ty.shape {
            Shape::Array { item, len } => {
                text.push('[');
                inner(text, *item);
                write!(text, "; {len}]")
            }
            Shape::List { item, capacity, .. } => {
                text.push_str("List<");
                inner(text, *item);
                write!(text, ", {capacity}>")
            }
            Shape::Text { capacity, .. } => write!(text, "Text<{capacity}>"),
            _ => {
                text.extend(ty.name.chars().take(LONGEST));
                for (i, given) in ty.arguments.iter().enumerate() {
                    if text.len() > LONGEST {
                        break;
                    }
                    text.push_str(if i == 0 { "<" } else { ", " });
                    match given {
                        Given::Type(index) => inner(text, *index),
                        Given::Const(number) => text.push_str(&number.to_string()),
                        Given::Opaque => text.push('_'),
                    }
                }
                text.push_str(if ty.arguments.is_empty() { "" } else { ">" });
                Ok(())
            }
        };
    }
}

fn write_members(text: &mut String, members: &[Member]) -> std::fmt::Result {
    members.iter().try_for_each(|m| write!(text, "{} {} at {}, ", m.name, m.ty, m.offset))
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
mod tests;
