//! The document of a region, as data: the chapter on the format describes its members.

use crate::failure::Failure;
use serde_json::Value as Json;
use shmstate::dynamic::{TypeInfo, Types, ValueKind};
use std::collections::BTreeSet;

/// The types of a state; each one uses only types before it, and the last one is the state's.
pub struct Document {
    pub types: Vec<Type>,
    docs: Vec<Doc>,
    /// The types of the library, with its own parts. Nothing of them is a type of the program.
    library: BTreeSet<usize>,
}

pub struct Type {
    pub name: String,
    pub size: u64,
    pub align: u64,
    pub version: u64,
    pub arguments: Vec<Argument>,
    pub kind: Kind,
}

#[derive(Clone)]
pub enum Argument {
    Type(usize),
    Const(String),
    Opaque,
}

pub enum Kind {
    Scalar(String),
    Struct(Vec<Field>),
    Enum { repr: String, variants: Vec<Variant> },
    Array { item: usize, len: u64 },
    List { item: usize, capacity: u64, items: u64 },
    Text { capacity: u64, bytes: u64 },
    Pod,
    Archive,
}

pub struct Field {
    pub name: String,
    pub offset: u64,
    pub ty: usize,
}

pub struct Variant {
    pub name: String,
    pub value: u64,
    pub fields: Vec<Field>,
}

struct Doc {
    ty: usize,
    part: String,
    text: String,
}

impl Document {
    /// Reads the text of a document, which the library has checked.
    pub fn of(text: &str) -> Result<Document, Failure> {
        let json: Json = serde_json::from_str(text).map_err(|error| Failure::Argument(error.to_string()))?;
        let types = list(&json["types"]).iter().map(ty).collect::<Vec<_>>();
        let docs = list(&json["docs"]).iter().map(|doc| Doc {
            ty: index(&doc["type"]),
            part: text_of(&doc["part"]),
            text: text_of(&doc["text"]),
        });
        let library = library(&types, &Types::of_schema(text)?);
        Ok(Document { docs: docs.collect(), library, types })
    }

    /// The types that the program declares, the state's first.
    pub fn of_the_program(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.types.len()).rev().filter(|&index| index + 1 == self.types.len() || self.is_declared(index))
    }

    /// Whether the program declares that type, and not the library.
    pub fn is_declared(&self, index: usize) -> bool {
        matches!(self.types[index].kind, Kind::Struct(_) | Kind::Enum { .. }) && !self.library.contains(&index)
    }

    /// The type as it would be written in Rust.
    pub fn name(&self, index: usize) -> String {
        let ty = &self.types[index];
        match &ty.kind {
            Kind::Array { item, len } => format!("[{}; {len}]", self.name(*item)),
            Kind::List { item, capacity, .. } => format!("List<{}, {capacity}>", self.name(*item)),
            Kind::Text { capacity, .. } => format!("Text<{capacity}>"),
            _ => {
                let arguments: Vec<String> = self
                    .arguments(index)
                    .iter()
                    .map(|argument| match argument {
                        Argument::Type(index) => self.name(*index),
                        Argument::Const(number) => number.clone(),
                        Argument::Opaque => "_".to_owned(),
                    })
                    .collect();
                if arguments.is_empty() { ty.name.clone() } else { format!("{}<{}>", ty.name, arguments.join(", ")) }
            }
        }
    }

    /// What a generic type was given. The document has it for types of the program; of those of the library, the parts tell it.
    pub fn arguments(&self, index: usize) -> Vec<Argument> {
        let ty = &self.types[index];
        let of_parts = match (&ty.kind, ty.name.as_str()) {
            (Kind::Struct(fields), name) if ty.arguments.is_empty() && self.library.contains(&index) => {
                self.of_the_parts(name, fields)
            }
            _ => None,
        };
        of_parts.unwrap_or_else(|| ty.arguments.clone())
    }

    fn of_the_parts(&self, name: &str, fields: &[Field]) -> Option<Vec<Argument>> {
        let part = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.ty);
        let list = |ty: usize| match self.types[ty].kind {
            Kind::List { item, capacity: count, .. } | Kind::Array { item, len: count } => Some((item, count)),
            _ => None,
        };
        // An array with marks has its items in a field.
        let marked = |ty: usize| match &self.types[ty].kind {
            Kind::Struct(fields) => list(fields.first()?.ty),
            _ => None,
        };
        let both = |(item, count): (usize, u64)| vec![Argument::Type(item), Argument::Const(count.to_string())];
        let keys_of = |set: usize| match &self.types[set].kind {
            Kind::Struct(fields) => list(fields.last()?.ty),
            _ => None,
        };
        Some(match name {
            "Wrapping" | "Saturating" => vec![Argument::Type(part("0")?)],
            "Maybe" => vec![Argument::Type(part("value")?)],
            "Tracked" => vec![Argument::Type(marked(part("value")?)?.0)],
            "Blob" => vec![Argument::Const(list(part("bytes")?)?.1.to_string())],
            "Array" => both(list(part("items")?)?),
            "Ring" => both(list(part("list")?)?),
            "Queue" => both(marked(part("slots")?)?),
            "Slab" => both(list(part("values")?)?),
            "Set" => both(list(part("keys")?)?),
            "Map" => {
                let (key, count) = keys_of(part("keys")?)?;
                let (value, _) = list(part("values")?)?;
                vec![Argument::Type(key), Argument::Type(value), Argument::Const(count.to_string())]
            }
            "SortedMap" => {
                let (_, count) = list(part("leaves")?)?;
                // Slots lie in pairs.
                let slots = |name| Some(list(marked(part(name)?)?.0)?.0);
                let (key, value) = (slots("keys")?, slots("values")?);
                vec![Argument::Type(key), Argument::Type(value), Argument::Const(count.to_string())]
            }
            _ => return None,
        })
    }

    /// The types of the program that are keys of maps and sets, or parts of keys.
    pub fn keys(&self) -> BTreeSet<usize> {
        let mut keys = BTreeSet::new();
        for (index, ty) in self.types.iter().enumerate() {
            if self.library.contains(&index)
                && matches!(ty.name.as_str(), "Map" | "Set" | "SortedMap")
                && let Some(Argument::Type(key)) = self.arguments(index).first()
            {
                self.add_declared(*key, &mut keys);
            }
        }
        keys
    }

    fn add_declared(&self, index: usize, to: &mut BTreeSet<usize>) {
        if self.is_declared(index) {
            to.insert(index);
        }
        let parts: Vec<usize> = match &self.types[index].kind {
            Kind::Struct(fields) => fields.iter().map(|field| field.ty).collect(),
            Kind::Enum { variants, .. } => variants.iter().flat_map(|v| v.fields.iter().map(|f| f.ty)).collect(),
            Kind::Array { item, .. } | Kind::List { item, .. } => vec![*item],
            _ => Vec::new(),
        };
        parts.into_iter().for_each(|part| self.add_declared(part, to));
    }

    /// Each field that a state has, by its path, with its type; items of a container are at `[]`.
    pub fn paths(&self) -> Vec<(String, String)> {
        let mut paths = Vec::new();
        self.add_paths(self.types.len() - 1, String::new(), &mut paths);
        paths
    }

    fn add_paths(&self, index: usize, path: String, paths: &mut Vec<(String, String)>) {
        let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let items = || format!("{path}[]");
        let ty = &self.types[index];
        // A struct of the program is the sum of its fields.
        let is_struct = self.is_declared(index) && matches!(ty.kind, Kind::Struct(_));
        if !is_struct {
            paths.push((if path.is_empty() { "the state".to_owned() } else { path.clone() }, self.name(index)));
        }
        match &ty.kind {
            Kind::Struct(fields) if is_struct => {
                fields.iter().for_each(|field| self.add_paths(field.ty, within(&field.name), paths));
            }
            Kind::Enum { variants, .. } => {
                for variant in variants {
                    let path = within(&variant.name);
                    paths.push((path.clone(), format!("= {}", variant.value)));
                    let fields = variant.fields.iter();
                    fields.for_each(|field| self.add_paths(field.ty, format!("{path}.{}", field.name), paths));
                }
            }
            Kind::Array { item, .. } | Kind::List { item, .. } => self.add_items(*item, items(), paths),
            Kind::Struct(_) => {
                for argument in self.arguments(index) {
                    if let Argument::Type(item) = argument {
                        self.add_items(item, items(), paths);
                    }
                }
            }
            _ => {}
        }
    }

    /// What is in a container, if that is more than its type's name tells.
    fn add_items(&self, item: usize, path: String, paths: &mut Vec<(String, String)>) {
        if self.is_declared(item) {
            self.add_paths(item, path, paths);
        }
    }

    /// The documentation of a type (`part` is empty), or of a part of it.
    pub fn doc(&self, index: usize, part: &str) -> &str {
        let doc = self.docs.iter().find(|doc| doc.ty == index && doc.part == part);
        doc.map_or("", |doc| &doc.text)
    }
}

/// The types that the library knows by their parts, whatever else has their names, and the private ones in them.
fn library(types: &[Type], known: &Types) -> BTreeSet<usize> {
    let is_known = |(index, ty): &(usize, &Type)| {
        let is_itself = |name: &str| name.split('<').next() == Some(&ty.name);
        // A type around a single value has the kind and the name of the value.
        let is_struct = |info: TypeInfo| info.kind == ValueKind::Struct && is_itself(&info.name);
        matches!(ty.kind, Kind::Struct(_)) && !known.get(*index).is_some_and(is_struct)
    };
    let mut library: BTreeSet<usize> = types.iter().enumerate().filter(is_known).map(|(index, _)| index).collect();
    let private = |index: &usize| match (&*types[*index].name, &types[*index].kind) {
        ("Set", Kind::Struct(fields)) => Some(fields.first()?.ty),
        ("Slab", Kind::Struct(fields)) => fields.iter().find_map(|field| match types[field.ty].kind {
            Kind::List { item, .. } if field.name == "places" => Some(item),
            _ => None,
        }),
        _ => None,
    };
    let parts: Vec<usize> = library.iter().filter_map(private).collect();
    library.extend(parts);
    library
}

fn ty(json: &Json) -> Type {
    let argument = |json: &Json| match (&json["type"], json["const"].as_str()) {
        (Json::Number(_), _) => Argument::Type(index(&json["type"])),
        (_, Some(number)) => Argument::Const(number.to_owned()),
        _ => Argument::Opaque,
    };
    Type {
        name: text_of(&json["name"]),
        size: number(&json["size"]),
        align: number(&json["align"]),
        version: number(&json["version"]),
        arguments: list(&json["arguments"]).iter().map(argument).collect(),
        kind: match json["kind"].as_str() {
            Some("scalar") => Kind::Scalar(text_of(&json["scalar"])),
            Some("struct") => Kind::Struct(fields(json)),
            Some("enum") => Kind::Enum {
                repr: text_of(&json["repr"]),
                variants: list(&json["variants"]).iter().map(variant).collect(),
            },
            Some("array") => Kind::Array { item: index(&json["item"]), len: number(&json["len"]) },
            Some("list") => Kind::List {
                item: index(&json["item"]),
                capacity: number(&json["capacity"]),
                items: number(&json["items"]),
            },
            Some("text") => Kind::Text { capacity: number(&json["capacity"]), bytes: number(&json["bytes"]) },
            Some("archive") => Kind::Archive,
            _ => Kind::Pod,
        },
    }
}

fn variant(json: &Json) -> Variant {
    Variant { name: text_of(&json["name"]), value: number(&json["value"]), fields: fields(json) }
}

fn fields(json: &Json) -> Vec<Field> {
    let field =
        |json: &Json| Field { name: text_of(&json["name"]), offset: number(&json["offset"]), ty: index(&json["type"]) };
    list(&json["fields"]).iter().map(field).collect()
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn text_of(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn number(json: &Json) -> u64 {
    json.as_u64().unwrap_or(0)
}

fn index(json: &Json) -> usize {
    number(json) as usize
}

/// Bytes of an integer type.
pub fn integer_size(repr: &str) -> u64 {
    repr.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().unwrap_or(8) / 8
}
