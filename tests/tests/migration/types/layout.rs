//! The schema of a type, as the format chapter describes it.

use super::{Field, Ty};
use serde_json::{Value as Json, json};

/// Types that have been described.
#[derive(Default)]
struct Types(Vec<Json>);

/// A type, by its index.
#[derive(Clone, Copy)]
struct Placed {
    index: usize,
    size: usize,
    align: usize,
}

impl Ty {
    /// The document.
    pub fn schema(&self) -> String {
        let mut types = Types::default();
        types.add(self);
        let texts: Vec<String> = types.0.iter().map(ordered).collect();
        format!(r#"{{"shmstate":1,"types":[{}],"docs":[]}}"#, texts.join(","))
    }
}

/// The members in the order of the format chapter, whatever order a map of the JSON library has.
fn ordered(value: &Json) -> String {
    const ORDER: [&str; 17] = [
        "name",
        "size",
        "align",
        "version",
        "arguments",
        "kind",
        "scalar",
        "repr",
        "value",
        "offset",
        "type",
        "item",
        "len",
        "capacity",
        "items",
        "bytes",
        "fields",
    ];
    match value {
        Json::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_by_key(|name| ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()));
            let member = |name: &&String| format!("{name:?}:{}", ordered(&members[*name]));
            format!("{{{}}}", names.iter().map(member).collect::<Vec<_>>().join(","))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(ordered).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

impl Types {
    fn push(&mut self, name: &str, size: usize, align: usize, kind: &str, members: Json) -> Placed {
        let size = size.next_multiple_of(align);
        let mut ty = json!({"name": name, "size": size, "align": align, "version": 0, "arguments": [], "kind": kind});
        ty.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let index = self.0.iter().position(|known| *known == ty).unwrap_or_else(|| {
            self.0.push(ty);
            self.0.len() - 1
        });
        Placed { index, size, align }
    }

    fn scalar(&mut self, name: &str) -> Placed {
        let size = if name == "bool" { 1 } else { name[1..].parse::<usize>().unwrap() / 8 };
        self.push(name, size, size, "scalar", json!({"scalar": name}))
    }

    fn array(&mut self, item: Placed, len: usize) -> Placed {
        self.push("array", item.size * len, item.align, "array", json!({"item": item.index, "len": len}))
    }

    fn list(&mut self, item: Placed, capacity: usize) -> Placed {
        let align = item.align.max(8);
        let members = json!({"item": item.index, "capacity": capacity, "items": 64});
        self.push("List", 64 + capacity * item.size, align, "list", members)
    }

    /// Fields one after the other, from `at` on.
    fn place(&mut self, fields: &[(&str, Placed)], mut at: usize) -> (Json, usize, usize) {
        let mut align = 1;
        let mut placed = Vec::new();
        for (name, ty) in fields {
            at = at.next_multiple_of(ty.align);
            placed.push(json!({"name": name, "offset": at, "type": ty.index}));
            at += ty.size;
            align = align.max(ty.align);
        }
        (Json::Array(placed), at, align)
    }

    fn structure(&mut self, name: &str, fields: &[(&str, Placed)]) -> Placed {
        let (fields, size, align) = self.place(fields, 0);
        self.push(name, size, align, "struct", json!({"fields": fields}))
    }

    /// An `Array`, which has a head.
    fn tracked(&mut self, items: Placed) -> Placed {
        let fields = json!([{"name": "items", "offset": 64, "type": items.index}]);
        self.push("Array", 64 + items.size, items.align.max(8), "struct", json!({"fields": fields}))
    }

    fn fields(&mut self, fields: &[Field], at: usize) -> (Json, usize, usize) {
        let placed: Vec<(&str, Placed)> = fields.iter().map(|(name, ty)| (&**name, self.add(ty))).collect();
        self.place(&placed, at)
    }

    fn add(&mut self, ty: &Ty) -> Placed {
        match ty {
            Ty::Int(name) | Ty::Float(name) => self.scalar(name),
            Ty::Bool => self.scalar("bool"),
            Ty::Text(capacity) => self.push("Text", 8 + capacity, 8, "text", json!({"capacity": capacity, "bytes": 8})),
            Ty::Array(item, len) => {
                let item = self.add(item);
                self.array(item, *len)
            }
            Ty::List(item, capacity) => {
                let item = self.add(item);
                self.list(item, *capacity)
            }
            Ty::Maybe(item) => {
                let (some, value) = (self.scalar("u8"), self.add(item));
                self.structure("Maybe", &[("some", some), ("value", value)])
            }
            Ty::Map(key, value, capacity) => {
                let word = self.scalar("u64");
                let pair = self.array(word, 2);
                let buckets = self.array(pair, *capacity);
                let buckets = self.tracked(buckets);
                let table = self.structure("Table", &[("seed", pair), ("buckets", buckets)]);
                let key = self.add(key);
                let keys = self.list(key, *capacity);
                let set = self.structure("Set", &[("table", table), ("keys", keys)]);
                let value = self.add(value);
                let values = self.list(value, *capacity);
                self.structure("Map", &[("keys", set), ("values", values)])
            }
            Ty::Struct(fields) => {
                let (fields, size, align) = self.fields(fields, 0);
                self.push("Struct", size, align, "struct", json!({"fields": fields}))
            }
            Ty::Enum(variants) => {
                self.scalar("u64");
                let (mut placed, mut size, mut align) = (Vec::new(), 8, 8);
                for (value, (name, fields)) in variants.iter().enumerate() {
                    let (fields, end, needs) = self.fields(fields, 8);
                    placed.push(json!({"name": name, "value": value, "fields": fields}));
                    (size, align) = (size.max(end), align.max(needs));
                }
                self.push("Enum", size, align, "enum", json!({"repr": "u64", "variants": placed}))
            }
        }
    }
}
