//! A layout as data: what the document in a region says, and its fingerprint.
//!
//! * this file: the data, and how it is made from a [`Layout`]
//! * `json`: the document, written and read; `validate`: whether it makes sense; `diff`: in what two of them differ

use super::describe::{self, ArchiveForm, Layout, Scalar};
use std::collections::HashMap;
use std::fmt::Write;

/// The description of a state, with every type once; a type's parts stand before it, and the last one is the state's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Schema {
    pub(crate) types: Vec<Type>,
    /// Documentation, apart from the types: types that differ only in it are equal.
    pub(crate) docs: Vec<Doc>,
}

/// The documentation of a type, or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doc {
    /// The type's index.
    pub(crate) ty: u32,
    /// The field or the variant, `variant.field` for a variant's field; nothing for the type itself.
    pub(crate) part: String,
    pub(crate) text: String,
}

/// One type. Numbers are of fixed width, so that the document is the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) size: u64,
    pub(crate) align: u32,
    pub(crate) version: u32,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) kind: Kind,
}

/// [`describe::Argument`], with types by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    Type(u32),
    Const(i128),
    Opaque,
}

/// [`describe::Kind`], with types by their index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Struct(Vec<Field>),
    Enum { repr: Scalar, variants: Vec<Variant> },
    Array { item: u32, len: u64 },
    List { item: u32, capacity: u64, items: u64 },
    Text { capacity: u64, bytes: u64 },
    Pod,
    Archive(ArchiveForm),
}

/// A field of a struct or of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) ty: u32,
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) fields: Vec<Field>,
}

/// A schema that is being made.
struct Builder {
    schema: Schema,
    /// Layouts that are in it already, by their address: a type that is used in many places is described once, however
    /// often its parts are used in turn.
    known: HashMap<*const Layout, u32>,
    layouts: Vec<(&'static Layout, u32)>,
}

impl Schema {
    /// The schema of a type.
    pub(crate) fn of(layout: &'static Layout) -> Schema {
        Self::with_layouts(layout).0
    }

    /// The schema of a type, and all layouts that are in it, with the index of the type of each.
    pub(super) fn with_layouts(layout: &'static Layout) -> (Schema, Vec<(&'static Layout, u32)>) {
        let schema = Schema { types: Vec::new(), docs: Vec::new() };
        let mut builder = Builder { schema, known: HashMap::new(), layouts: Vec::new() };
        builder.add(layout);
        (builder.schema, builder.layouts)
    }

    /// The state's own type.
    pub(crate) fn root(&self) -> Option<&Type> {
        self.types.last()
    }

    /// The type of that index, which comes from the schema itself.
    pub(crate) fn get(&self, index: u32) -> Option<&Type> {
        self.types.get(index as usize)
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
        let _ = match &ty.kind {
            Kind::Array { item, len } => {
                text.push('[');
                inner(text, *item);
                write!(text, "; {len}]")
            }
            Kind::List { item, capacity, .. } => {
                text.push_str("List<");
                inner(text, *item);
                write!(text, ", {capacity}>")
            }
            Kind::Text { capacity, .. } => write!(text, "Text<{capacity}>"),
            _ => {
                text.extend(ty.name.chars().take(LONGEST));
                for (i, argument) in ty.arguments.iter().enumerate() {
                    if text.len() > LONGEST {
                        break;
                    }
                    text.push_str(if i == 0 { "<" } else { ", " });
                    match argument {
                        Argument::Type(index) => inner(text, *index),
                        Argument::Const(number) => text.push_str(&number.to_string()),
                        Argument::Opaque => text.push('_'),
                    }
                }
                text.push_str(if ty.arguments.is_empty() { "" } else { ">" });
                Ok(())
            }
        };
    }
}

impl Builder {
    fn add(&mut self, layout: &'static Layout) -> u32 {
        if let Some(index) = self.known.get(&(layout as *const Layout)) {
            return *index;
        }
        let index = self.add_new(layout);
        self.known.insert(layout, index);
        self.layouts.push((layout, index));
        index
    }

    fn add_new(&mut self, layout: &'static Layout) -> u32 {
        let mut name = layout.name.to_owned();
        let kind = match layout.kind {
            describe::Kind::Scalar(scalar) => Kind::Scalar(scalar),
            describe::Kind::Struct(fields) => Kind::Struct(self.fields(fields)),
            describe::Kind::Enum { repr, variants } => {
                let variant = |v: &describe::Variant| Variant {
                    name: v.name.into(),
                    value: v.value,
                    fields: self.fields(v.fields),
                };
                Kind::Enum { repr, variants: variants.iter().map(variant).collect() }
            }
            describe::Kind::Array { item, len } => Kind::Array { item: self.add(item), len: len as u64 },
            describe::Kind::List { item, capacity, items } => {
                Kind::List { item: self.add(item), capacity: capacity as u64, items: items as u64 }
            }
            describe::Kind::Text { capacity, bytes } => Kind::Text { capacity: capacity as u64, bytes: bytes as u64 },
            describe::Kind::Pod => Kind::Pod,
            describe::Kind::Archive { of, form } => {
                name = of.short();
                Kind::Archive(form)
            }
        };
        let arguments = layout.arguments.iter().map(|argument| match *argument {
            describe::Argument::Type(layout) => Argument::Type(self.add(layout)),
            describe::Argument::Const(number) => Argument::Const(number),
            describe::Argument::Opaque => Argument::Opaque,
        });
        let arguments = arguments.collect();
        let (size, align, version) = (layout.size as u64, layout.align as u32, layout.version);
        let ty = Type { name, size, align, version, arguments, kind };
        if let Some(index) = self.schema.types.iter().position(|t| *t == ty) {
            return index as u32;
        }
        self.schema.types.push(ty);
        let index = self.schema.types.len() as u32 - 1;
        self.document(index, layout);
        index
    }

    fn fields(&mut self, fields: &[describe::Field]) -> Vec<Field> {
        let field =
            |f: &describe::Field| Field { name: f.name.into(), offset: f.offset as u64, ty: self.add(f.layout) };
        fields.iter().map(field).collect()
    }

    /// Notes the documentation of type `ty` and of its parts.
    fn document(&mut self, ty: u32, layout: &Layout) {
        let mut note = |part: String, text: &str| {
            if !text.is_empty() {
                let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
                self.schema.docs.push(Doc { ty, part, text: text.chars().map(plain).collect() });
            }
        };
        note(String::new(), layout.docs);
        match layout.kind {
            describe::Kind::Struct(fields) => fields.iter().for_each(|f| note(f.name.into(), f.docs)),
            describe::Kind::Enum { variants, .. } => {
                for variant in variants {
                    note(variant.name.into(), variant.docs);
                    variant.fields.iter().for_each(|f| note(format!("{}.{}", variant.name, f.name), f.docs));
                }
            }
            _ => {}
        }
    }
}

#[cfg(all(test, not(any(shmstate_loom, shmstate_shuttle))))]
pub(crate) mod tests;
