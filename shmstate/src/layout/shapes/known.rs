//! Which structs of a schema are types of this library: by their names and all of their fields.
//!
//! A struct of the program's own that has the name and exactly the fields of a library type is shown as that type. Any other struct
//! stays a struct.

use super::{Counted, Fields, Form, IpShape, Run, SetShape, Shape, Shapes, SlabShape, SortedShape};
use crate::layout::describe::Scalar;
use crate::layout::schema::{Argument as SchemaArgument, Type as SchemaType};

/// Bytes of the head of a container that keeps marks.
const HEAD: usize = 64;

/// The form of a struct that is a type of this library.
pub(super) fn recognise(shapes: &Shapes, ty: &SchemaType, fields: &Fields) -> Option<Form> {
    let parts = Parts { shapes, fields };
    if ty.name == "Archived" {
        return archived(&parts, ty);
    }
    if !ty.arguments.is_empty() {
        // The library's other types have none.
        return None;
    }
    match &*ty.name {
        "Array" | "Slots" => {
            let items = parts.items(&["items"], 0).filter(|items| items.at >= HEAD)?;
            Some(Form::Array { items })
        }
        "Tracked" => {
            let (shape, at) = parts.only("value")?;
            match shape.form {
                Form::Array { items } if items.capacity == 1 && items.at >= HEAD => {
                    Some(Form::Wrapper { item: items.item, at: at + items.at })
                }
                _ => None,
            }
        }
        "Wrapping" | "Saturating" => {
            let _ = parts.only("0")?;
            Some(Form::Wrapper { item: fields.all[0].shape, at: 0 })
        }
        "Blob" => {
            let names = ["len", "reserved", "bytes"];
            let (bytes, len) = (parts.items(&names, 2)?, parts.number(&names, 0, Scalar::U32)?);
            (len == 0 && parts.is_scalar(bytes.item, Scalar::U8)).then_some(Form::Blob { bytes })
        }
        "Maybe" => {
            let names = ["some", "value"];
            let (flag, (_, at)) = (parts.number(&names, 0, Scalar::U8)?, parts.at(&names, 1)?);
            (flag == 0).then_some(Form::Maybe { item: fields.all[1].shape, at })
        }
        "Ring" => {
            let names = ["start", "reserved", "list"];
            let (start, list) = (parts.number(&names, 0, Scalar::U32)?, parts.list(&names, 2)?);
            Some(Form::Ring { start, len: list.len, items: list.items })
        }
        "Queue" => {
            let names = ["start", "count", "slots"];
            let numbers = [0, 1].map(|i| parts.number(&names, i, Scalar::U32));
            let items = parts.items(&names, 2)?;
            Some(Form::Queue { start: numbers[0]?, count: numbers[1]?, items })
        }
        "Slab" => slab(&parts),
        "Place" | "Table" => None,
        "Key" => {
            let names = ["place", "generation"];
            let numbers = [0, 1].map(|i| parts.number(&names, i, Scalar::U32));
            (numbers == [Some(0), Some(4)]).then_some(Form::Key)
        }
        "Set" => set(&parts).map(Form::Set),
        "Map" => {
            let names = ["keys", "values"];
            let ((keys, at), values) = (parts.at(&names, 0)?, parts.list(&names, 1)?);
            match keys.form {
                Form::Set(set) if set.keys.items.capacity == values.items.capacity => {
                    let set = SetShape { seed: set.seed + at, buckets: set.buckets + at, keys: set.keys.within(at) };
                    Some(Form::Map { set, values })
                }
                _ => None,
            }
        }
        "SortedMap" => sorted(&parts),
        "TimeSpan" => parts.number(&["nanos"], 0, Scalar::U64).map(|_| Form::TimeSpan),
        "Timestamp" => parts.number(&["nanos"], 0, Scalar::I64).map(|_| Form::Timestamp),
        "IpAddress" => {
            let names = ["family", "octets"];
            let (family, octets) = (parts.number(&names, 0, Scalar::U16)?, parts.bytes(&names, 1, 16)?);
            Some(Form::IpAddress(IpShape { family, octets }))
        }
        "SocketAddress" => {
            let names = ["ip", "port", "flow_info", "scope_id"];
            let ((ip, at), port) = (parts.at(&names, 0)?, parts.number(&names, 1, Scalar::U16)?);
            let (flow_info, scope_id) = (parts.number(&names, 2, Scalar::U32)?, parts.number(&names, 3, Scalar::U32)?);
            match ip.form {
                Form::IpAddress(ip) => Some(Form::SocketAddress { ip: ip.within(at), port, flow_info, scope_id }),
                _ => None,
            }
        }
        "Uuid" => parts.bytes(&["bytes"], 0, 16).filter(|at| *at == 0).map(|_| Form::Uuid),
        _ => None,
    }
}

/// Whether a struct begins with a head of marks. `copy_plain` copies neither the head nor the items after it.
pub(super) fn has_head(ty: &SchemaType, form: &Form) -> bool {
    matches!(&*ty.name, "Array" | "Slots") && matches!(form, Form::Array { items } if items.at >= HEAD)
}

fn archived(parts: &Parts<'_>, ty: &SchemaType) -> Option<Form> {
    let names = ["keyed_hash", "bytes"];
    let bytes = parts.list(&names, 1).filter(|list| parts.is_scalar(list.items.item, Scalar::U8))?;
    parts.number(&names, 0, Scalar::U128)?;
    let Some(SchemaArgument::Type(of)) = ty.arguments.first() else { return None };
    let of = parts.shapes.get(*of as usize).name.clone();
    Some(Form::Archived { bytes, of })
}

fn slab(parts: &Parts<'_>) -> Option<Form> {
    let names = ["count", "vacant", "places", "values"];
    let numbers = [0, 1].map(|i| parts.number(&names, i, Scalar::U32));
    let (places, values) = (parts.list(&names, 2)?, parts.list(&names, 3)?);
    let Form::Struct(place) = &parts.shapes.get(places.items.item).form else { return None };
    let place = Parts { shapes: parts.shapes, fields: place };
    let of_place = [0, 1].map(|i| place.number(&["generation", "next"], i, Scalar::U32));
    (of_place == [Some(0), Some(4)] && places.items.capacity == values.items.capacity).then_some(())?;
    Some(Form::Slab(SlabShape { count: numbers[0]?, vacant: numbers[1]?, places, values }))
}

fn set(parts: &Parts<'_>) -> Option<SetShape> {
    let names = ["table", "keys"];
    let ((table, at), keys) = (parts.at(&names, 0)?, parts.list(&names, 1)?);
    let Form::Struct(table) = &table.form else { return None };
    let table = Parts { shapes: parts.shapes, fields: table };
    let names = ["seed", "buckets"];
    let (seed, buckets) = (table.items(&names, 0)?, table.items(&names, 1)?);
    let Form::Array { items: pair } = parts.shapes.get(buckets.item).form else { return None };
    let words = parts.is_scalar(seed.item, Scalar::U64) && parts.is_scalar(pair.item, Scalar::U64);
    let counts = (seed.capacity, pair.capacity, pair.at, buckets.capacity) == (2, 2, 0, keys.items.capacity);
    (words && counts).then_some(SetShape { seed: at + seed.at, buckets: at + buckets.at, keys })
}

fn sorted(parts: &Parts<'_>) -> Option<Form> {
    let names = ["count", "used", "leaves", "keys", "values"];
    let numbers = [0, 1].map(|i| parts.number(&names, i, Scalar::U32));
    let leaves = parts.list(&names, 2).filter(|list| parts.is_scalar(list.items.item, Scalar::U32))?;
    let slots = |index| {
        let pairs = parts.items(&names, index).filter(|pairs| pairs.capacity == leaves.items.capacity)?;
        match parts.shapes.get(pairs.item).form {
            Form::Array { items } if (items.capacity, items.at) == (2, 0) && pairs.size == 2 * items.size => {
                Some(Run { at: pairs.at, capacity: pairs.capacity.checked_mul(2)?, ..items })
            }
            _ => None,
        }
    };
    let (keys, values) = (slots(3)?, slots(4)?);
    let most = match keys.size.saturating_add(values.size) {
        0..=32 => 64,
        33..=128 => 32,
        _ => 16,
    };
    let capacity = leaves.items.capacity;
    if !(1..=1 << 27).contains(&capacity) || keys.size == 0 || values.size == 0 {
        return None;
    }
    let leaf = capacity.min(most);
    Some(Form::Sorted(SortedShape { count: numbers[0]?, used: numbers[1]?, leaves, keys, values, leaf }))
}

/// The fields of a struct that may be one of the library's.
struct Parts<'a> {
    shapes: &'a Shapes,
    fields: &'a Fields,
}

impl<'a> Parts<'a> {
    /// Field `index`, if the fields have exactly these names.
    fn at(&self, names: &[&str], index: usize) -> Option<(&'a Shape, usize)> {
        let same = self.fields.all.iter().map(|f| &*f.name).eq(names.iter().copied());
        let field = self.fields.all.get(index).filter(|_| same)?;
        Some((self.shapes.get(field.shape), field.at))
    }

    /// The only field, if it has that name.
    fn only(&self, name: &str) -> Option<(&'a Shape, usize)> {
        self.at(&[name], 0)
    }

    /// The offset of field `index`, if it is a number of that type.
    fn number(&self, names: &[&str], index: usize, scalar: Scalar) -> Option<usize> {
        let (shape, at) = self.at(names, index)?;
        matches!(shape.form, Form::Scalar(found) if found == scalar).then_some(at)
    }

    fn is_scalar(&self, shape: usize, scalar: Scalar) -> bool {
        matches!(self.shapes.get(shape).form, Form::Scalar(found) if found == scalar)
    }

    /// The offset of field `index`, if it is an array of `count` bytes.
    fn bytes(&self, names: &[&str], index: usize, count: usize) -> Option<usize> {
        let items = self.items(names, index)?;
        (items.capacity == count && self.is_scalar(items.item, Scalar::U8)).then_some(items.at)
    }

    /// The items of an array, plain or tracked.
    fn items(&self, names: &[&str], index: usize) -> Option<Run> {
        let (shape, at) = self.at(names, index)?;
        let Form::Array { items } = shape.form else { return None };
        Some(Run { at: at + items.at, ..items })
    }

    fn list(&self, names: &[&str], index: usize) -> Option<Counted> {
        let (shape, at) = self.at(names, index)?;
        let Form::List { items } = shape.form else { return None };
        Some(Counted { len: at, items: Run { at: at + items.at, ..items } })
    }
}
