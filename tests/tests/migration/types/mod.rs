//! Types that no program has: made at random, described by a schema, and changed at random.

mod layout;

use serde_json::{Map, Value as Json, json};
use shmstate_tests::Rng;

#[derive(Clone, Debug, PartialEq)]
pub enum Ty {
    /// Its name in Rust, which says all of it.
    Int(&'static str),
    Float(&'static str),
    Bool,
    Text(usize),
    Array(Box<Ty>, usize),
    List(Box<Ty>, usize),
    Maybe(Box<Ty>),
    Map(Box<Ty>, Box<Ty>, usize),
    Struct(Vec<Field>),
    /// Variants by their names; the first one has no fields.
    Enum(Vec<(String, Vec<Field>)>),
}

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
    pub fn random_struct(rng: &mut Rng, depth: usize) -> Ty {
        Ty::Struct(fields(rng, depth))
    }

    fn random(rng: &mut Rng, depth: usize) -> Ty {
        let item = |rng: &mut Rng| Box::new(Ty::random(rng, depth - 1));
        match rng.below(if depth == 0 { 5 } else { 11 }) {
            0 => Ty::Int(UNSIGNED[rng.below(4)]),
            1 => Ty::Int(SIGNED[rng.below(4)]),
            2 => Ty::Float(["f32", "f64"][rng.below(2)]),
            3 => Ty::Bool,
            4 => Ty::Text(4 + rng.below(9)),
            5 => Ty::Array(item(rng), 1 + rng.below(3)),
            6 => Ty::List(item(rng), 1 + rng.below(5)),
            7 => Ty::Maybe(item(rng)),
            8 => {
                let key = match rng.below(3) {
                    0 => Ty::Int(UNSIGNED[rng.below(4)]),
                    1 => Ty::Int(SIGNED[rng.below(4)]),
                    _ => Ty::Text(4 + rng.below(5)),
                };
                Ty::Map(Box::new(key), item(rng), 1 + rng.below(5))
            }
            9 => Ty::random_struct(rng, depth - 1),
            _ => {
                let mut variants = vec![("None".to_owned(), Vec::new())];
                let count = rng.below(3);
                variants.extend(NAMES[..count].iter().map(|name| (name.to_uppercase(), fields(rng, depth - 1))));
                Ty::Enum(variants)
            }
        }
    }

    /// A type as which each value goes on.
    pub fn changed(&self, rng: &mut Rng, change: Change) -> Ty {
        let inner = |rng: &mut Rng, ty: &Ty| Box::new(ty.changed(rng, change));
        let grows = change == Change::Grow;
        let changed = match self {
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
            Ty::Int(_) | Ty::Float(_) | Ty::Bool => self.clone(),
            Ty::Text(capacity) => Ty::Text(capacity + rng.below(10)),
            Ty::Array(item, len) => Ty::Array(inner(rng, item), len + if grows { rng.below(3) } else { 0 }),
            Ty::List(item, capacity) => Ty::List(inner(rng, item), capacity + rng.below(4)),
            Ty::Maybe(item) => Ty::Maybe(inner(rng, item)),
            Ty::Map(key, value, capacity) => Ty::Map(inner(rng, key), inner(rng, value), capacity + rng.below(4)),
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
        };
        // A key of a map cannot be in a `Maybe`, and nothing else knows that it is one.
        let plain = matches!(self, Ty::Int(_) | Ty::Text(_) | Ty::Maybe(_));
        if grows && !plain && rng.below(6) == 0 { Ty::Maybe(Box::new(changed)) } else { changed }
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
            Ty::Text(capacity) => json!(text(rng, *capacity)),
            Ty::Array(item, len) => (0..*len).map(|_| item.value(rng)).collect(),
            Ty::List(item, capacity) => (0..rng.below(capacity + 1)).map(|_| item.value(rng)).collect(),
            Ty::Maybe(item) => {
                // What holds none of a none is none.
                let value = item.value(rng);
                if rng.below(3) == 0 { Json::Null } else { value }
            }
            Ty::Map(key, value, capacity) => {
                let entry = |rng: &mut Rng| {
                    let key = match key.value(rng) {
                        Json::String(text) => text,
                        number => number.to_string(),
                    };
                    (key, value.value(rng))
                };
                Json::Object((0..rng.below(capacity + 1)).map(|_| entry(rng)).collect())
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
            Ty::Text(_) => json!(""),
            Ty::Array(item, len) => (0..*len).map(|_| item.start()).collect(),
            Ty::List(..) => json!([]),
            Ty::Maybe(_) => Json::Null,
            Ty::Map(..) => json!({}),
            Ty::Struct(fields) => Json::Object(fields.iter().map(|(name, ty)| (name.clone(), ty.start())).collect()),
            Ty::Enum(variants) => json!(variants[0].0),
        }
    }

    /// What `value`, one of the type `old`, is as a value of this type.
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
            (Ty::List(new, _), Ty::List(old, _)) => Json::Array(items(new, old)),
            (Ty::Map(_, new, _), Ty::Map(_, old, _)) => {
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
