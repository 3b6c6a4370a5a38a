//! The types of Rust and of this library, by their names.

use super::{Declaration, TypeId, aligned, check_size, wrong};
use crate::error::Error;
use crate::layout::Scalar;
use crate::layout::schema::{Field, Kind};

impl Declaration {
    /// A type of Rust or of this library, by its name, with the types and the number that stand in its `<…>`; 0 if there is no number.
    ///
    /// `("u64", [], 0)`, `("Option<NonZero<u8>>", [], 0)`, `("array", [item], 4)` for `[T; 4]`, `("List", [item], 100)`,
    /// `("Map", [key, value], 100)`, `("Text", [], 32)`, `("Maybe", [item], 0)`, `("Key", [], 0)`.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for a type that is none, or that is too large.
    pub fn library(&mut self, name: &str, types: &[TypeId], count: usize) -> Result<TypeId, Error> {
        let n = count as u64;
        let plain =
            Scalar::from_name(name.strip_prefix("Option<NonZero<").and_then(|s| s.strip_suffix(">>")).unwrap_or(name));
        if let (Some(scalar), []) = (plain, types) {
            // Numbers are aligned to their size on all platforms that have states.
            let (size, align) = (scalar.size() as u64, scalar.size() as u32);
            if name.starts_with("Option") && matches!(scalar, Scalar::F32 | Scalar::F64 | Scalar::Bool | Scalar::Char) {
                return Err(wrong(format!("`{name}`: there is a `NonZero` of integers only")));
            }
            return Ok(self.put(name, size, align, Kind::Scalar(scalar)));
        }
        match (name, types) {
            ("array", [item]) => {
                let (size, align) = self.repeated(*item, n)?;
                Ok(self.put(name, size, align, Kind::Array { item: item.0 as u32, len: n }))
            }
            ("List", [item]) => {
                let (items, size, align) = self.tracked(*item, n)?;
                Ok(self.put(name, size, align, Kind::List { item: item.0 as u32, capacity: n, items }))
            }
            ("Array" | "Slots", [item]) => {
                let item = if name == "Slots" { self.library("array", &[*item], 2)? } else { *item };
                let (at, size, align) = self.tracked(item, n)?;
                let ty = self.library("array", &[item], count)?.0 as u32;
                let items = Field { name: "items".into(), offset: at, ty };
                Ok(self.put(name, size, align, Kind::Struct(vec![items])))
            }
            ("Text", []) => {
                check_size(name, n)?;
                let size = aligned(8 + n, 8);
                Ok(self.put(name, size, 8, Kind::Text { capacity: n, bytes: 8 }))
            }
            ("Blob", []) => {
                let (number, byte) = (self.library("u32", &[], 0)?, self.library("u8", &[], 0)?);
                let bytes = self.library("array", &[byte], count)?;
                self.composed(name, 8, &[("len", number), ("reserved", number), ("bytes", bytes)])
            }
            ("Maybe", [value]) => {
                let some = self.library("u8", &[], 0)?;
                self.composed(name, 1, &[("some", some), ("value", *value)])
            }
            ("Tracked", [value]) => {
                let array = self.library("Array", &[*value], 1)?;
                self.composed(name, 1, &[("value", array)])
            }
            ("Wrapping" | "Saturating", [value]) => self.composed(name, 1, &[("0", *value)]),
            ("Ring", [item]) => {
                let (number, list) = (self.library("u32", &[], 0)?, self.library("List", &[*item], count)?);
                self.composed(name, 1, &[("start", number), ("reserved", number), ("list", list)])
            }
            ("Queue", [item]) => {
                let (number, slots) = (self.library("u32", &[], 0)?, self.library("Array", &[*item], count)?);
                self.composed(name, 1, &[("start", number), ("count", number), ("slots", slots)])
            }
            ("Slab", [value]) => {
                let number = self.library("u32", &[], 0)?;
                let place = self.composed("Place", 1, &[("generation", number), ("next", number)])?;
                let (places, values) =
                    (self.library("List", &[place], count)?, self.library("List", &[*value], count)?);
                self.composed(name, 1, &[("count", number), ("vacant", number), ("places", places), ("values", values)])
            }
            ("Key", []) => {
                let number = self.library("u32", &[], 0)?;
                self.composed(name, 1, &[("place", number), ("generation", number)])
            }
            ("Set", [item]) => {
                self.check_key(*item)?;
                let word = self.library("u64", &[], 0)?;
                let pair = self.library("array", &[word], 2)?;
                let buckets = self.library("Array", &[pair], count)?;
                let table = self.composed("Table", 1, &[("seed", pair), ("buckets", buckets)])?;
                let keys = self.library("List", &[*item], count)?;
                self.composed(name, 1, &[("table", table), ("keys", keys)])
            }
            ("Map", [key, value]) => {
                let (keys, values) = (self.library("Set", &[*key], count)?, self.library("List", &[*value], count)?);
                self.composed(name, 1, &[("keys", keys), ("values", values)])
            }
            ("SortedMap", [key, value]) => {
                self.check_key(*key)?;
                let number = self.library("u32", &[], 0)?;
                let leaves = self.library("List", &[number], count)?;
                let (keys, values) = (self.library("Slots", &[*key], count)?, self.library("Slots", &[*value], count)?);
                let fields =
                    [("count", number), ("used", number), ("leaves", leaves), ("keys", keys), ("values", values)];
                self.composed(name, 1, &fields)
            }
            ("TimeSpan", []) => {
                let nanos = self.library("u64", &[], 0)?;
                self.composed(name, 1, &[("nanos", nanos)])
            }
            ("Timestamp", []) => {
                let nanos = self.library("i64", &[], 0)?;
                self.composed(name, 1, &[("nanos", nanos)])
            }
            ("IpAddress", []) => {
                let (family, byte) = (self.library("u16", &[], 0)?, self.library("u8", &[], 0)?);
                let octets = self.library("array", &[byte], 16)?;
                self.composed(name, 1, &[("family", family), ("octets", octets)])
            }
            ("SocketAddress", []) => {
                let (ip, port) = (self.library("IpAddress", &[], 0)?, self.library("u16", &[], 0)?);
                let number = self.library("u32", &[], 0)?;
                self.composed(name, 1, &[("ip", ip), ("port", port), ("flow_info", number), ("scope_id", number)])
            }
            ("Uuid", []) => {
                let byte = self.library("u8", &[], 0)?;
                let bytes = self.library("array", &[byte], 16)?;
                self.composed(name, 1, &[("bytes", bytes)])
            }
            _ => {
                Err(wrong(format!("`{name}` with {} types in its `<…>` is no type that a state can have", types.len())))
            }
        }
    }

    /// Refuses keys that Rust neither hashes nor orders.
    fn check_key(&self, key: TypeId) -> Result<(), Error> {
        let key = self.get(key)?;
        match key.kind {
            Kind::Scalar(Scalar::F32 | Scalar::F64) => Err(wrong(format!(
                "`{}` cannot be a key, because not all of its values are equal to themselves: use an integer, as a number of thousandths",
                key.name
            ))),
            _ => Ok(()),
        }
    }
}
