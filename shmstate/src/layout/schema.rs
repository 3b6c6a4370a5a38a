//! A layout as data: the archive that lies in the region, and its fingerprint.

use super::{Kind, Layout, Scalar};
use rkyv::{Archive, Deserialize, Serialize, rancor};
use std::collections::HashSet;
use std::fmt::{self, Write};
use xxhash_rust::xxh3::xxh3_64;

/// The description of a state, with every type once; a type's parts stand before it, and the last one is the state's.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schema {
    pub(crate) types: Vec<Type>,
}

/// One type. Numbers are of fixed width, so that the archive is the same everywhere.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) align: u32,
    pub(crate) version: u32,
    pub(crate) shape: Shape,
}

/// [`Kind`], with types by their index.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Scalar(u8),
    Struct(Vec<Member>),
    Enum { repr: u8, variants: Vec<(String, u32)> },
    Array { item: u32, len: u64 },
    List { item: u32, capacity: u64, items: u64 },
    Text { capacity: u64, bytes: u64 },
    Pod,
}

/// A field of a struct.
#[derive(Archive, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) ty: u32,
}

impl Schema {
    /// The schema of a type.
    pub(crate) fn of(layout: &Layout) -> Schema {
        let mut schema = Schema { types: Vec::new() };
        schema.add(layout);
        schema
    }

    fn add(&mut self, layout: &Layout) -> u32 {
        let shape = match layout.kind {
            Kind::Scalar(scalar) => Shape::Scalar(scalar as u8),
            Kind::Struct(fields) => Shape::Struct(
                fields
                    .iter()
                    .map(|f| Member { name: f.name.into(), offset: f.offset as u64, ty: self.add(f.layout) })
                    .collect(),
            ),
            Kind::Enum { repr, variants } => {
                Shape::Enum { repr: repr as u8, variants: variants.iter().map(|v| (v.name.into(), v.value)).collect() }
            }
            Kind::Array { item, len } => Shape::Array { item: self.add(item), len: len as u64 },
            Kind::List { item, capacity, items } => {
                Shape::List { item: self.add(item), capacity: capacity as u64, items: items as u64 }
            }
            Kind::Text { capacity, bytes } => Shape::Text { capacity: capacity as u64, bytes: bytes as u64 },
            Kind::Pod => Shape::Pod,
        };
        let ty = Type {
            name: layout.name.into(),
            size: layout.size as u64,
            align: layout.align as u32,
            version: layout.version,
            shape,
        };
        let index = self.types.iter().position(|t| *t == ty).unwrap_or_else(|| {
            self.types.push(ty);
            self.types.len() - 1
        });
        index as u32
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

    /// Types are named before they are used (so there is no cycle) and are not nested without end; parts lie inside the
    /// whole, one behind the other; names are not used twice.
    fn check(&self) -> Result<(), String> {
        /// Types inside of types inside of types.
        const DEEPEST: u32 = 64;
        if self.types.is_empty() {
            return Err("it describes no type".into());
        }
        let mut depths: Vec<u32> = Vec::new();
        for (i, ty) in self.types.iter().enumerate() {
            let names = std::iter::once(&ty.name).chain(match &ty.shape {
                Shape::Struct(members) => members.iter().map(|m| &m.name).collect::<Vec<_>>(),
                Shape::Enum { variants, .. } => variants.iter().map(|(name, _)| name).collect(),
                _ => Vec::new(),
            });
            if names.flat_map(|name| name.chars()).any(char::is_control) {
                return Err("it has a name that no program gives".into());
            }
            let part = |index: u32| {
                let found = (index as usize) < i;
                found
                    .then(|| &self.types[index as usize])
                    .ok_or(format!("`{}` uses a type that is not named before it", ty.name))
            };
            let fits = |start: u64, bytes: Option<u64>| {
                let end = bytes.and_then(|b| start.checked_add(b));
                if end.is_some_and(|end| end <= ty.size) {
                    Ok(())
                } else {
                    Err(format!("a part of `{}` lies outside of it", ty.name))
                }
            };
            if !ty.align.is_power_of_two() || ty.size % u64::from(ty.align) != 0 {
                return Err(format!("`{}` has size {} and alignment {}", ty.name, ty.size, ty.align));
            }
            let scalar =
                |code: u8| Scalar::from_code(code).ok_or(format!("`{}` has the unknown scalar type {code}", ty.name));
            match &ty.shape {
                Shape::Scalar(code) => fits(0, Some(scalar(*code)?.size() as u64))?,
                Shape::Enum { repr, .. } => fits(0, Some(scalar(*repr)?.size() as u64))?,
                Shape::Struct(members) => {
                    let (mut end, mut names) = (0, HashSet::new());
                    for member in members {
                        let size = part(member.ty)?.size;
                        fits(member.offset, Some(size))?;
                        if member.offset < end || !names.insert(&member.name) {
                            return Err(format!("`{}` has two parts in one place, or of one name", ty.name));
                        }
                        end = member.offset + size;
                    }
                }
                Shape::Array { item, len } => fits(0, part(*item)?.size.checked_mul(*len))?,
                Shape::List { item, capacity, items } => fits(*items, part(*item)?.size.checked_mul(*capacity))?,
                Shape::Text { capacity, bytes } => fits(*bytes, Some(*capacity))?,
                Shape::Pod => {}
            }
            let parts: &mut dyn Iterator<Item = u32> = match &ty.shape {
                Shape::Struct(members) => &mut members.iter().map(|m| m.ty),
                Shape::Array { item, .. } | Shape::List { item, .. } => &mut std::iter::once(*item),
                _ => &mut std::iter::empty(),
            };
            let depth = 1 + parts.map(|part| depths[part as usize]).max().unwrap_or(0);
            if depth > DEEPEST {
                return Err(format!("`{}` is nested more than {DEEPEST} deep", ty.name));
            }
            depths.push(depth);
        }
        Ok(())
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
            let _ = write!(text, "{i} {} size {} align {} version {}: ", ty.name, ty.size, ty.align, ty.version);
            let _ = match &ty.shape {
                Shape::Scalar(code) => write!(text, "scalar {code}"),
                Shape::Struct(members) => {
                    members.iter().try_for_each(|m| write!(text, "{} {} at {}, ", m.name, m.ty, m.offset))
                }
                Shape::Enum { repr, variants } => {
                    let _ = write!(text, "enum {repr}, ");
                    variants.iter().try_for_each(|(name, value)| write!(text, "{name} = {value}, "))
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

    /// The type as it would be written in Rust.
    pub(crate) fn type_name(&self, ty: &Type) -> impl fmt::Display {
        let inner = |index: u32| self.get(index).map_or_else(|| "?".to_owned(), |t| self.type_name_string(t));
        match &ty.shape {
            Shape::Array { item, len } => format!("[{}; {len}]", inner(*item)),
            Shape::List { item, capacity, .. } => format!("List<{}, {capacity}>", inner(*item)),
            Shape::Text { capacity, .. } => format!("Text<{capacity}>"),
            _ => ty.name.clone(),
        }
    }

    fn type_name_string(&self, ty: &Type) -> String {
        self.type_name(ty).to_string()
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use super::*;
    use crate::layout::{Field, SharedLayout};
    use proptest::prelude::*;

    const PAIR: &Layout = &Layout {
        name: "Pair",
        size: 48,
        align: 8,
        version: 3,
        kind: Kind::Struct(&[
            Field { name: "left", offset: 0, layout: u64::LAYOUT },
            Field { name: "right", offset: 8, layout: <[u64; 5]>::LAYOUT },
        ]),
    };

    #[test]
    fn the_archive_gives_back_the_schema() {
        let schema = Schema::of(PAIR);
        assert_eq!(schema.types.len(), 3, "u64 stands there once");
        assert_eq!(Schema::from_bytes(&schema.to_bytes().unwrap()), Ok(schema));
    }

    #[test]
    fn the_fingerprint_covers_every_part() {
        let base = Schema::of(PAIR);
        let change = |f: &dyn Fn(&mut Schema)| {
            let mut schema = base.clone();
            f(&mut schema);
            schema.fingerprint()
        };
        let members = |s: &mut Schema, f: &dyn Fn(&mut Vec<Member>)| {
            let Shape::Struct(members) = &mut s.types[2].shape else { unreachable!() };
            f(members);
        };
        let all = [
            base.fingerprint(),
            change(&|s| s.types[2].name = "Couple".into()),
            change(&|s| s.types[2].size += 8),
            change(&|s| s.types[2].align = 16),
            change(&|s| s.types[2].version = 4),
            change(&|s| s.types[0].shape = Shape::Scalar(Scalar::I64 as u8)),
            change(&|s| s.types[1].shape = Shape::Array { item: 0, len: 4 }),
            change(&|s| members(s, &|m| m[1].name = "wrong".into())),
            change(&|s| members(s, &|m| m[1].offset = 16)),
            change(&|s| members(s, &|m| m[1].ty = 0)),
            change(&|s| members(s, &|m| m.swap(0, 1))),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "change {i} goes unnoticed");
        }
    }

    #[test]
    fn a_schema_that_makes_no_sense_is_refused() {
        let refused = |f: &dyn Fn(&mut Schema)| {
            let mut schema = Schema::of(PAIR);
            f(&mut schema);
            Schema::from_bytes(&schema.to_bytes().unwrap()).unwrap_err()
        };
        assert_eq!(refused(&|s| s.types.clear()), "it describes no type");
        assert_eq!(refused(&|s| s.types.swap(0, 2)), "`Pair` uses a type that is not named before it");
        assert_eq!(
            refused(&|s| s.types[1].shape = Shape::Array { item: 1, len: 5 }),
            "`array` uses a type that is not named before it"
        );
        assert_eq!(
            refused(&|s| s.types[1].shape = Shape::Array { item: 0, len: u64::MAX }),
            "a part of `array` lies outside of it"
        );
        assert_eq!(refused(&|s| s.types[2].size = 40), "a part of `Pair` lies outside of it");
        assert_eq!(refused(&|s| s.types[0].shape = Shape::Scalar(99)), "`u64` has the unknown scalar type 99");
        let members = |s: &mut Schema, f: &dyn Fn(&mut Vec<Member>)| {
            let Shape::Struct(members) = &mut s.types[2].shape else { unreachable!() };
            f(members);
        };
        let twice = "`Pair` has two parts in one place, or of one name";
        assert_eq!(refused(&|s| members(s, &|m| m[1].offset = 0)), twice);
        assert_eq!(refused(&|s| members(s, &|m| m[1].name = "left".into())), twice);
        let nested = |s: &mut Schema| {
            for item in 2..100 {
                let shape = Shape::Array { item, len: 1 };
                s.types.push(Type { name: "array".into(), size: 48, align: 8, version: 0, shape });
            }
        };
        assert_eq!(refused(&nested), "`array` is nested more than 64 deep");
        assert_eq!(refused(&|s| s.types[0].name.push('\x1b')), "it has a name that no program gives");
        assert_eq!(refused(&|s| members(s, &|m| m[0].name.push('\n'))), "it has a name that no program gives");
        assert_eq!(refused(&|s| s.types[0].align = 0), "`u64` has size 8 and alignment 0");
    }

    proptest! {
        /// No bytes, near a schema or far from it, do more than give an error.
        #[test]
        fn any_bytes_are_read_without_harm(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in 0usize..64) {
            let mut bytes = Schema::of(PAIR).to_bytes().unwrap();
            for (index, value) in flips { let i = index.index(bytes.len()); bytes[i] = value; }
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            let _ = Schema::from_bytes(&bytes);
        }
    }
}
