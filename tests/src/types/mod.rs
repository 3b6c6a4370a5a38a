//! Types that no program has: made at random, described by a schema, and changed at random.

mod layout;

use crate::Rng;
use serde_json::{Map, Value as Json, json};
use std::net::{IpAddr, SocketAddr};

/// A type of a schema.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Ty {
    /// Its name in Rust, which says all of it.
    Int(&'static str),
    Float(&'static str),
    Bool,
    Char,
    /// A type of the library without arguments: `TimeSpan`, `Uuid` and the like.
    Plain(&'static str),
    Text(usize),
    Blob(usize),
    Array(Box<Ty>, usize),
    List(Box<Ty>, usize),
    Ring(Box<Ty>, usize),
    Queue(Box<Ty>, usize),
    Slab(Box<Ty>, usize),
    Maybe(Box<Ty>),
    Set(Box<Ty>, usize),
    Map(Box<Ty>, Box<Ty>, usize),
    SortedMap(Box<Ty>, Box<Ty>, usize),
    Struct(Vec<Field>),
    /// Variants by their names; the first one has no fields.
    Enum(Vec<(String, Vec<Field>)>),
}

/// A field: its name and its type.
pub type Field = (String, Ty);

/// What a change does.
#[derive(Clone, Copy, PartialEq)]
pub enum Change {
    /// All that loses nothing.
    Grow,
    /// Room and order only.
    Room,
}

const UNSIGNED: [&str; 4] = ["u8", "u16", "u32", "u64"];
const SIGNED: [&str; 4] = ["i8", "i16", "i32", "i64"];
const PLAIN: [&str; 5] = ["TimeSpan", "Timestamp", "IpAddress", "SocketAddress", "Uuid"];
const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

fn fields(rng: &mut Rng, depth: usize) -> Vec<Field> {
    let count = 1 + rng.below(4);
    let first = rng.below(3);
    NAMES[first..first + count].iter().map(|name| ((*name).to_owned(), Ty::random(rng, depth))).collect()
}

fn shuffle<T>(rng: &mut Rng, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.below(i + 1));
    }
}

fn changed_fields(rng: &mut Rng, fields: &[Field], change: Change) -> Vec<Field> {
    let mut fields: Vec<Field> = fields.iter().map(|(name, ty)| (name.clone(), ty.changed(rng, change))).collect();
    if change == Change::Grow {
        for n in 0..rng.below(3) {
            fields.push((format!("new{n}"), Ty::random(rng, 1)));
        }
    }
    shuffle(rng, &mut fields);
    fields
}

impl Ty {
    /// A struct of some fields, which nest so deep at most.
    pub fn random_struct(rng: &mut Rng, depth: usize) -> Ty {
        Ty::Struct(fields(rng, depth))
    }

    fn random(rng: &mut Rng, depth: usize) -> Ty {
        let item = |rng: &mut Rng| Box::new(Ty::random(rng, depth - 1));
        let key = |rng: &mut Rng| Box::new(Ty::random_key(rng));
        let room = |rng: &mut Rng| 1 + rng.below(5);
        match rng.below(if depth == 0 { 8 } else { 19 }) {
            0 => Ty::Int(UNSIGNED[rng.below(4)]),
            1 => Ty::Int(SIGNED[rng.below(4)]),
            2 => Ty::Float(["f32", "f64"][rng.below(2)]),
            3 => Ty::Bool,
            4 => Ty::Char,
            5 => Ty::Plain(PLAIN[rng.below(5)]),
            6 => Ty::Text(4 + rng.below(9)),
            7 => Ty::Blob(4 + rng.below(9)),
            8 => Ty::Array(item(rng), 1 + rng.below(3)),
            9 => Ty::List(item(rng), room(rng)),
            10 => Ty::Ring(item(rng), room(rng)),
            11 => Ty::Queue(item(rng), room(rng)),
            12 => Ty::Slab(item(rng), room(rng)),
            13 => Ty::Maybe(item(rng)),
            14 => Ty::Set(key(rng), room(rng)),
            15 => Ty::Map(key(rng), item(rng), room(rng)),
            16 => Ty::SortedMap(key(rng), item(rng), room(rng)),
            17 => Ty::random_struct(rng, depth - 1),
            _ => {
                let mut variants = vec![("None".to_owned(), Vec::new())];
                let count = rng.below(3);
                variants.extend(NAMES[..count].iter().map(|name| (name.to_uppercase(), fields(rng, depth - 1))));
                Ty::Enum(variants)
            }
        }
    }

    /// A type whose `Hash` and `Ord` the library knows.
    fn random_key(rng: &mut Rng) -> Ty {
        match rng.below(7) {
            0 => Ty::Int(UNSIGNED[rng.below(4)]),
            1 => Ty::Int(SIGNED[rng.below(4)]),
            2 => Ty::Bool,
            3 => Ty::Char,
            4 => Ty::Plain(PLAIN[rng.below(5)]),
            5 => Ty::Blob(4 + rng.below(5)),
            _ => Ty::Text(4 + rng.below(5)),
        }
    }

    /// A type as which each value goes on.
    #[must_use]
    pub fn changed(&self, rng: &mut Rng, change: Change) -> Ty {
        let changed = self.changed_inside(rng, change);
        let wraps = change == Change::Grow && !matches!(self, Ty::Maybe(_)) && rng.below(6) == 0;
        if wraps { Ty::Maybe(Box::new(changed)) } else { changed }
    }

    /// The same, but not a `Maybe` of it, which no key can be.
    fn changed_inside(&self, rng: &mut Rng, change: Change) -> Ty {
        let key = |rng: &mut Rng, ty: &Ty| Box::new(ty.changed_inside(rng, change));
        let inner = |rng: &mut Rng, ty: &Ty| Box::new(ty.changed(rng, change));
        let grows = change == Change::Grow;
        match self {
            Ty::Int(name) if grows => {
                let wider = |names: &[&'static str]| {
                    let at = names.iter().position(|known| known == name)?;
                    Some((at, names.len()))
                };
                match (wider(&UNSIGNED), wider(&SIGNED)) {
                    (Some((at, _)), _) if at < 3 && rng.below(3) == 0 => Ty::Int(SIGNED[at + 1 + rng.below(3 - at)]),
                    (Some((at, len)), _) => Ty::Int(UNSIGNED[at + rng.below(len - at)]),
                    (_, Some((at, len))) => Ty::Int(SIGNED[at + rng.below(len - at)]),
                    _ => self.clone(),
                }
            }
            Ty::Float("f32") if grows => Ty::Float(["f32", "f64"][rng.below(2)]),
            Ty::Int(_) | Ty::Float(_) | Ty::Bool | Ty::Char | Ty::Plain(_) => self.clone(),
            Ty::Text(capacity) => Ty::Text(capacity + rng.below(10)),
            Ty::Blob(capacity) => Ty::Blob(capacity + rng.below(10)),
            Ty::Array(item, len) => Ty::Array(inner(rng, item), len + if grows { rng.below(3) } else { 0 }),
            Ty::List(item, capacity) => Ty::List(inner(rng, item), capacity + rng.below(4)),
            Ty::Ring(item, capacity) => Ty::Ring(inner(rng, item), capacity + rng.below(4)),
            Ty::Queue(item, capacity) => Ty::Queue(inner(rng, item), capacity + rng.below(4)),
            Ty::Slab(item, capacity) => Ty::Slab(inner(rng, item), capacity + rng.below(4)),
            Ty::Maybe(item) => Ty::Maybe(inner(rng, item)),
            Ty::Set(item, capacity) => Ty::Set(key(rng, item), capacity + rng.below(4)),
            // One kind of map may become the other one.
            Ty::Map(k, value, capacity) | Ty::SortedMap(k, value, capacity) => {
                let (k, value, capacity) = (key(rng, k), inner(rng, value), capacity + rng.below(4));
                let sorted = matches!(self, Ty::SortedMap(..)) != (grows && rng.below(3) == 0);
                if sorted { Ty::SortedMap(k, value, capacity) } else { Ty::Map(k, value, capacity) }
            }
            Ty::Struct(fields) => Ty::Struct(changed_fields(rng, fields, change)),
            Ty::Enum(variants) => {
                let mut variants: Vec<_> = variants
                    .iter()
                    .map(|(name, fields)| match fields.is_empty() {
                        true => (name.clone(), Vec::new()),
                        false => (name.clone(), changed_fields(rng, fields, change)),
                    })
                    .collect();
                if grows && rng.below(2) == 0 {
                    variants.push(("NEW".to_owned(), fields(rng, 0)));
                }
                shuffle(rng, &mut variants[1..]);
                Ty::Enum(variants)
            }
        }
    }

    fn is_blob(&self) -> bool {
        matches!(self, Ty::Blob(_))
    }

    /// A random value.
    pub fn value(&self, rng: &mut Rng) -> Json {
        let text = |rng: &mut Rng, capacity: usize| {
            let len = rng.below(capacity + 1);
            (0..len).map(|_| char::from(b'a' + rng.below(26) as u8)).collect::<String>()
        };
        match self {
            Ty::Int(name) => {
                let bits = 8 * name[1..].parse::<u32>().unwrap() / 8;
                let any = rng.any() >> (64 - bits);
                if name.starts_with('u') { json!(any) } else { json!((any as i64) << (64 - bits) >> (64 - bits)) }
            }
            Ty::Float(_) => json!(rng.below(1000) as f64 / 4.0 - 100.0),
            Ty::Bool => json!(rng.below(2) == 1),
            Ty::Char => json!(char::from(b'a' + rng.below(26) as u8)),
            Ty::Plain("TimeSpan") => json!(rng.any()),
            Ty::Plain("Timestamp") => json!(rng.any() as i64),
            Ty::Plain("IpAddress") => json!(address(rng).to_string()),
            Ty::Plain("SocketAddress") => json!(SocketAddr::new(address(rng), rng.any() as u16).to_string()),
            Ty::Plain(_) => {
                let digits = format!("{:016x}{:016x}", rng.any(), rng.any());
                let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
                json!(format!("{a}-{b}-{c}-{d}-{e}"))
            }
            Ty::Text(capacity) => json!(text(rng, *capacity)),
            Ty::Blob(capacity) => (0..rng.below(capacity + 1)).map(|_| json!(rng.below(256))).collect(),
            Ty::Array(item, len) => (0..*len).map(|_| item.value(rng)).collect(),
            Ty::List(item, capacity) | Ty::Ring(item, capacity) | Ty::Queue(item, capacity) => {
                (0..rng.below(capacity + 1)).map(|_| item.value(rng)).collect()
            }
            Ty::Slab(item, capacity) => {
                let place = |rng: &mut Rng| match rng.below(3) {
                    0 => json!([2 * rng.below(100), null]),
                    _ => json!([2 * rng.below(100) + 1, item.value(rng)]),
                };
                (0..rng.below(capacity + 1)).map(|_| place(rng)).collect()
            }
            Ty::Set(item, capacity) => {
                let mut items: Vec<Json> = Vec::new();
                for _ in 0..rng.below(capacity + 1) {
                    let item = item.value(rng);
                    if !items.contains(&item) {
                        items.push(item);
                    }
                }
                Json::Array(items)
            }
            Ty::Maybe(item) => {
                // What holds none of a none is none.
                let value = item.value(rng);
                if rng.below(3) == 0 { Json::Null } else { value }
            }
            Ty::Map(key, value, capacity) | Ty::SortedMap(key, value, capacity) => {
                let mut pairs: Vec<(Json, Json)> = Vec::new();
                for _ in 0..rng.below(capacity + 1) {
                    let key = key.value(rng);
                    if pairs.iter().all(|(known, _)| *known != key) {
                        pairs.push((key, value.value(rng)));
                    }
                }
                if matches!(self, Ty::SortedMap(..)) && key.is_blob() {
                    pairs.sort_by_key(|(key, _)| bytes(key));
                }
                entries(key, pairs)
            }
            Ty::Struct(fields) => value_of(fields, rng),
            Ty::Enum(variants) => match &variants[rng.below(variants.len())] {
                (name, fields) if fields.is_empty() => json!(name),
                (name, fields) => json!({ name: value_of(fields, rng) }),
            },
        }
    }

    /// The value of a new state.
    fn start(&self) -> Json {
        match self {
            Ty::Int(_) => json!(0),
            Ty::Float(_) => json!(0.0),
            Ty::Bool => json!(false),
            Ty::Char => json!('\0'),
            Ty::Plain("TimeSpan" | "Timestamp") => json!(0),
            Ty::Plain("IpAddress") => json!("0.0.0.0"),
            Ty::Plain("SocketAddress") => json!("0.0.0.0:0"),
            Ty::Plain(_) => json!("00000000-0000-0000-0000-000000000000"),
            Ty::Text(_) => json!(""),
            Ty::Array(item, len) => (0..*len).map(|_| item.start()).collect(),
            Ty::Blob(_) | Ty::List(..) | Ty::Ring(..) | Ty::Queue(..) | Ty::Slab(..) | Ty::Set(..) => json!([]),
            Ty::Maybe(_) => Json::Null,
            Ty::Map(key, ..) | Ty::SortedMap(key, ..) => entries(key, vec![]),
            Ty::Struct(fields) => Json::Object(fields.iter().map(|(name, ty)| (name.clone(), ty.start())).collect()),
            Ty::Enum(variants) => json!(variants[0].0),
        }
    }

    /// What `value`, one of the type `old`, is as a value of this type.
    ///
    /// # Panics
    /// If it is no value of that type.
    pub fn expected(&self, old: &Ty, value: &Json) -> Json {
        let items = |new: &Ty, old: &Ty| -> Vec<Json> {
            value.as_array().unwrap().iter().map(|value| new.expected(old, value)).collect()
        };
        match (self, old) {
            (Ty::Maybe(new), Ty::Maybe(old)) => {
                if value.is_null() {
                    Json::Null
                } else {
                    new.expected(old, value)
                }
            }
            (Ty::Maybe(new), old) => new.expected(old, value),
            (Ty::Array(new, len), Ty::Array(old, _)) => {
                let mut items = items(new, old);
                items.resize_with(*len, || new.start());
                Json::Array(items)
            }
            (Ty::List(new, _), Ty::List(old, _))
            | (Ty::Ring(new, _), Ty::Ring(old, _))
            | (Ty::Queue(new, _), Ty::Queue(old, _)) => Json::Array(items(new, old)),
            (Ty::Slab(new, _), Ty::Slab(old, _)) => {
                let place = |place: &Json| match place[0].as_u64().unwrap() % 2 {
                    0 => place.clone(),
                    _ => json!([place[0], new.expected(old, &place[1])]),
                };
                value.as_array().unwrap().iter().map(place).collect()
            }
            (Ty::Map(key, new, _) | Ty::SortedMap(key, new, _), Ty::Map(_, old, _) | Ty::SortedMap(_, old, _))
                if key.is_blob() =>
            {
                let pairs = value.as_array().unwrap().iter();
                let mut pairs: Vec<_> = pairs.map(|pair| (pair[0].clone(), new.expected(old, &pair[1]))).collect();
                if matches!(self, Ty::SortedMap(..)) {
                    pairs.sort_by_key(|(key, _)| bytes(key));
                }
                entries(key, pairs)
            }
            (Ty::Map(_, new, _) | Ty::SortedMap(_, new, _), Ty::Map(_, old, _) | Ty::SortedMap(_, old, _)) => {
                let entries = value.as_object().unwrap().iter();
                Json::Object(entries.map(|(key, value)| (key.clone(), new.expected(old, value))).collect())
            }
            (Ty::Struct(new), Ty::Struct(old)) => expected_of(new, old, value),
            (Ty::Enum(new), Ty::Enum(old)) => match value {
                Json::Object(payload) => {
                    let (name, value) = payload.iter().next().unwrap();
                    let fields = |variants: &[(String, Vec<Field>)]| {
                        variants.iter().find(|(known, _)| known == name).unwrap().1.clone()
                    };
                    json!({ name: expected_of(&fields(new), &fields(old), value) })
                }
                name => name.clone(),
            },
            _ => value.clone(),
        }
    }
}

fn address(rng: &mut Rng) -> IpAddr {
    if rng.below(2) == 0 { IpAddr::from((rng.any() as u32).to_ne_bytes()) } else { IpAddr::from([rng.any() as u16; 8]) }
}

/// The bytes of a `Blob`.
fn bytes(blob: &Json) -> Vec<u64> {
    blob.as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap()).collect()
}

/// A map with these keys: an object, unless no text stands for a key.
fn entries(key: &Ty, pairs: Vec<(Json, Json)>) -> Json {
    if key.is_blob() {
        return pairs.into_iter().map(|(key, value)| json!([key, value])).collect();
    }
    let text = |key: Json| match key {
        Json::String(text) => text,
        other => other.to_string(),
    };
    Json::Object(pairs.into_iter().map(|(key, value)| (text(key), value)).collect())
}

fn value_of(fields: &[Field], rng: &mut Rng) -> Json {
    Json::Object(fields.iter().map(|(name, ty)| (name.clone(), ty.value(rng))).collect())
}

fn expected_of(new: &[Field], old: &[Field], value: &Json) -> Json {
    let field = |(name, ty): &Field| {
        let before = old.iter().find(|(known, _)| known == name);
        (name.clone(), before.map_or_else(|| ty.start(), |(_, old)| ty.expected(old, &value[name])))
    };
    Json::Object(new.iter().map(field).collect::<Map<_, _>>())
}
