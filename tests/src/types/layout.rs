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
        let size = match name {
            "bool" => 1,
            "char" => 4,
            name => name[1..].parse::<usize>().unwrap() / 8,
        };
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

    fn set(&mut self, key: &Ty, capacity: usize) -> Placed {
        let word = self.scalar("u64");
        let pair = self.array(word, 2);
        let buckets = self.array(pair, capacity);
        let buckets = self.tracked("Array", buckets);
        let table = self.structure("Table", &[("seed", pair), ("buckets", buckets)]);
        let key = self.add(key);
        let keys = self.list(key, capacity);
        self.structure("Set", &[("table", table), ("keys", keys)])
    }

    /// A type of the library without arguments.
    fn plain(&mut self, name: &str) -> Placed {
        let fields = match name {
            "TimeSpan" => vec![("nanos", self.scalar("u64"))],
            "Timestamp" => vec![("nanos", self.scalar("i64"))],
            "IpAddress" => {
                let (family, byte) = (self.scalar("u16"), self.scalar("u8"));
                vec![("family", family), ("octets", self.array(byte, 16))]
            }
            "SocketAddress" => {
                let (ip, port, word) = (self.plain("IpAddress"), self.scalar("u16"), self.scalar("u32"));
                vec![("ip", ip), ("port", port), ("flow_info", word), ("scope_id", word)]
            }
            _ => {
                let byte = self.scalar("u8");
                vec![("bytes", self.array(byte, 16))]
            }
        };
        self.structure(name, &fields)
    }

    /// An `Array`, or the like, which has a head.
    fn tracked(&mut self, name: &str, items: Placed) -> Placed {
        let fields = json!([{"name": "items", "offset": 64, "type": items.index}]);
        self.push(name, 64 + items.size, items.align.max(8), "struct", json!({"fields": fields}))
    }

    fn fields(&mut self, fields: &[Field], at: usize) -> (Json, usize, usize) {
        let placed: Vec<(&str, Placed)> = fields.iter().map(|(name, ty)| (&**name, self.add(ty))).collect();
        self.place(&placed, at)
    }

    fn add(&mut self, ty: &Ty) -> Placed {
        match ty {
            Ty::Int(name) | Ty::Float(name) => self.scalar(name),
            Ty::Bool => self.scalar("bool"),
            Ty::Char => self.scalar("char"),
            Ty::Plain(name) => self.plain(name),
            Ty::Blob(capacity) => {
                let (word, byte) = (self.scalar("u32"), self.scalar("u8"));
                let (reserved, bytes) = (self.array(byte, 4), self.array(byte, *capacity));
                let (fields, size, _) = self.place(&[("len", word), ("reserved", reserved), ("bytes", bytes)], 0);
                self.push("Blob", size, 8, "struct", json!({"fields": fields}))
            }
            Ty::Ring(item, capacity) => {
                let (word, byte) = (self.scalar("u32"), self.scalar("u8"));
                let (reserved, item) = (self.array(byte, 4), self.add(item));
                let list = self.list(item, *capacity);
                self.structure("Ring", &[("start", word), ("reserved", reserved), ("list", list)])
            }
            Ty::Queue(item, capacity) => {
                let (word, item) = (self.scalar("u32"), self.add(item));
                let items = self.array(item, *capacity);
                let slots = self.tracked("Array", items);
                self.structure("Queue", &[("start", word), ("count", word), ("slots", slots)])
            }
            Ty::Slab(item, capacity) => {
                let word = self.scalar("u32");
                let place = self.structure("Place", &[("generation", word), ("next", word)]);
                let item = self.add(item);
                let (places, values) = (self.list(place, *capacity), self.list(item, *capacity));
                let fields = [("count", word), ("vacant", word), ("places", places), ("values", values)];
                self.structure("Slab", &fields)
            }
            Ty::Set(key, capacity) => self.set(key, *capacity),
            Ty::SortedMap(key, value, capacity) => {
                let word = self.scalar("u32");
                let leaves = self.list(word, *capacity);
                let [keys, values] = [key, value].map(|ty| {
                    let item = self.add(ty);
                    let pair = self.array(item, 2);
                    let pairs = self.array(pair, *capacity);
                    self.tracked("Slots", pairs)
                });
                let fields = [("count", word), ("used", word), ("leaves", leaves), ("keys", keys), ("values", values)];
                self.structure("SortedMap", &fields)
            }
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
                let set = self.set(key, *capacity);
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
