//! The types of a region, for use without the types of the program. Their sizes and offsets are known to lie inside of each other.
//!
//! A [`Shape`] is made of a schema that any process may have written. `Schema::validate` has checked that parts lie inside of the
//! whole and that types do not contain themselves; [`Shapes::new`] refuses types that would still take endless work.

mod known;

use super::describe::Scalar;
use super::schema::{Field as SchemaField, Kind as SchemaKind, Schema, Type as SchemaType, Variant as SchemaVariant};

/// The most values without bytes that a type may have: each of them takes work, but no room in a file.
const MOST_EMPTY: u64 = 1 << 16;

/// All types of a region. A type is named by its index; the last one is the state's.
#[derive(Debug)]
pub(crate) struct Shapes {
    pub(crate) schema: Schema,
    fingerprint: u64,
    all: Vec<Shape>,
    /// What the state is shown as.
    root: Location,
}

/// One type.
#[derive(Debug)]
pub(crate) struct Shape {
    /// As it would be written in Rust.
    pub(crate) name: String,
    pub(crate) size: usize,
    /// Whether a container in it keeps marks, so that catching up does not copy all of it.
    pub(crate) tracked: bool,
    /// Whether a value of it may lie in the payload of an enum's variant.
    pub(crate) in_payload: bool,
    pub(crate) form: Form,
}

/// What a type is made of. Offsets count from its start; `item` and the like are the index of a type.
#[derive(Debug)]
pub(crate) enum Form {
    Scalar(Scalar),
    /// `Option<NonZero<T>>`.
    NonZero(Scalar),
    Struct(Fields),
    Enum {
        tag: usize,
        variants: Vec<VariantShape>,
    },
    /// An array, plain or tracked.
    Array {
        items: Run,
    },
    List {
        items: Run,
    },
    /// A list. Once it is full, the number at `start` is the index of its oldest item.
    Ring {
        start: usize,
        len: usize,
        items: Run,
    },
    Queue {
        start: usize,
        count: usize,
        items: Run,
    },
    Slab(SlabShape),
    Set(SetShape),
    Map {
        set: SetShape,
        values: Counted,
    },
    Sorted(SortedShape),
    Text {
        bytes: Run,
    },
    Blob {
        bytes: Run,
    },
    /// One byte that says whether the value `item` at `at` is there.
    Maybe {
        item: usize,
        at: usize,
    },
    /// A type around one value; it is shown as that value.
    Wrapper {
        item: usize,
        at: usize,
    },
    Key,
    TimeSpan,
    Timestamp,
    IpAddress(IpShape),
    SocketAddress {
        ip: IpShape,
        port: usize,
        flow_info: usize,
        scope_id: usize,
    },
    Uuid,
    /// Bytes whose type the schema names and does not describe.
    Opaque,
    /// Bytes of an archive of the crate `rkyv`.
    Archived {
        bytes: Counted,
        of: String,
    },
}

/// Values of one type, one after the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) item: usize,
    /// Bytes of one item.
    pub(crate) size: usize,
    pub(crate) at: usize,
    pub(crate) capacity: usize,
}

/// A run with a length, a `u32` that is somewhere else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Counted {
    pub(crate) len: usize,
    pub(crate) items: Run,
}

/// Fields, in the order of their offsets.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) all: Vec<FieldShape>,
    /// Whether they have no names, but numbers.
    pub(crate) numbered: bool,
}

#[derive(Debug)]
pub(crate) struct FieldShape {
    pub(crate) name: String,
    pub(crate) at: usize,
    pub(crate) shape: usize,
}

#[derive(Debug)]
pub(crate) struct VariantShape {
    pub(crate) name: String,
    pub(crate) value: u64,
    pub(crate) fields: Fields,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlabShape {
    pub(crate) count: usize,
    pub(crate) vacant: usize,
    /// For each place, its generation, then the next vacant place.
    pub(crate) places: Counted,
    pub(crate) values: Counted,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SetShape {
    pub(crate) seed: usize,
    /// `2 N` words.
    pub(crate) buckets: usize,
    pub(crate) keys: Counted,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SortedShape {
    pub(crate) count: usize,
    pub(crate) used: usize,
    /// A word for each leaf that was ever in use.
    pub(crate) leaves: Counted,
    /// `2 N` slots of keys, and as many of values.
    pub(crate) keys: Run,
    pub(crate) values: Run,
    /// Slots of a leaf.
    pub(crate) leaf: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IpShape {
    pub(crate) family: usize,
    pub(crate) octets: usize,
}

/// Where a value lies, and what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Location {
    pub(crate) at: usize,
    /// The index of its type.
    pub(crate) shape: usize,
    /// Of an enum: the variant whose payload is meant.
    pub(crate) variant: Option<usize>,
}

impl Location {
    /// A whole value of type `shape`; for a wrapper, the value in it.
    pub(crate) fn settled(shapes: &Shapes, shape: usize, at: usize) -> Location {
        let (shape, at) = shapes.settle(shape, at);
        Location { at, shape, variant: None }
    }
}

impl IpShape {
    /// The same, with offsets in a type that has it at `at`.
    pub(crate) fn within(self, at: usize) -> IpShape {
        IpShape { family: self.family + at, octets: self.octets + at }
    }
}

impl Run {
    /// Item `index`, which may be one past the last.
    pub(crate) fn offset(self, index: usize) -> usize {
        self.at + index * self.size
    }
}

impl Counted {
    /// The same, with offsets in a type that has it at `at`.
    pub(crate) fn within(self, at: usize) -> Counted {
        Counted { len: self.len + at, items: Run { at: self.items.at + at, ..self.items } }
    }
}

impl Shape {
    /// How many items, entries or bytes a value of the type has room for, if it is a container.
    pub(crate) fn capacity(&self) -> Option<usize> {
        Some(match &self.form {
            Form::Array { items } | Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. } => {
                items.capacity
            }
            Form::Text { bytes } | Form::Blob { bytes } => bytes.capacity,
            Form::Archived { bytes, .. } => bytes.items.capacity,
            Form::Set(set) | Form::Map { set, .. } => set.keys.items.capacity,
            Form::Sorted(map) => map.leaves.items.capacity,
            Form::Slab(slab) => slab.values.items.capacity,
            _ => return None,
        })
    }
}

impl Shapes {
    /// The types of a schema that was validated; or why they cannot be used.
    pub(crate) fn new(schema: &Schema) -> Result<Shapes, String> {
        let root = Location { at: 0, shape: 0, variant: None };
        let all = Vec::with_capacity(schema.types.len());
        let mut shapes = Shapes { schema: schema.clone(), fingerprint: schema.fingerprint(), all, root };
        // For each type, how many values without bytes a value of it holds.
        let mut empty: Vec<u64> = Vec::with_capacity(schema.types.len());
        for ty in &schema.types {
            let values = empty_values(ty, &empty, &shapes.all);
            if values > MOST_EMPTY {
                return Err(format!("`{}` holds more than {MOST_EMPTY} values without bytes", ty.name));
            }
            empty.push(values);
            let shape = shapes.shape(ty)?;
            shapes.all.push(shape);
        }
        if shapes.all.last().is_none_or(|root| root.size == 0) {
            return Err("it describes a state without bytes".into());
        }
        shapes.find_payloads();
        let (shape, at) = shapes.settle(shapes.root(), 0);
        shapes.root = Location { at, shape, variant: None };
        Ok(shapes)
    }

    fn shape(&self, ty: &SchemaType) -> Result<Shape, String> {
        let size = number(ty.size)?;
        let run = |item: u32, at: u64, capacity: u64| {
            let item = item as usize;
            Ok::<_, String>(Run { item, size: self.get(item).size, at: number(at)?, capacity: number(capacity)? })
        };
        let form = match &ty.kind {
            SchemaKind::Scalar(scalar) if ty.name.starts_with("Option<NonZero<") => Form::NonZero(*scalar),
            SchemaKind::Scalar(scalar) => Form::Scalar(*scalar),
            SchemaKind::Struct(fields) => {
                let fields = self.fields(fields)?;
                known::recognise(self, ty, &fields).unwrap_or(Form::Struct(fields))
            }
            SchemaKind::Enum { repr, variants } => {
                let variant = |v: &SchemaVariant| {
                    Ok::<_, String>(VariantShape {
                        name: v.name.clone(),
                        value: v.value,
                        fields: self.fields(&v.fields)?,
                    })
                };
                Form::Enum { tag: repr.size(), variants: variants.iter().map(variant).collect::<Result<_, _>>()? }
            }
            SchemaKind::Array { item, len } => Form::Array { items: run(*item, 0, *len)? },
            SchemaKind::List { item, capacity, items } => Form::List { items: run(*item, *items, *capacity)? },
            SchemaKind::Text { capacity, bytes } => {
                Form::Text { bytes: Run { item: 0, size: 1, at: number(*bytes)?, capacity: number(*capacity)? } }
            }
            SchemaKind::Pod | SchemaKind::Archive(_) => Form::Opaque,
        };
        let tracked = self.is_tracked(ty, &form);
        Ok(Shape { name: self.schema.type_name(ty), size, tracked, in_payload: false, form })
    }

    /// Notes the types of which values may lie in payloads. A type comes after the types of its parts.
    fn find_payloads(&mut self) {
        for (index, ty) in self.schema.types.iter().enumerate().rev() {
            let inside = self.all[index].in_payload;
            let mut note = |part: u32, inside: bool| self.all[part as usize].in_payload |= inside;
            match &ty.kind {
                SchemaKind::Struct(fields) => fields.iter().for_each(|field| note(field.ty, inside)),
                SchemaKind::Enum { variants, .. } => {
                    variants.iter().flat_map(|variant| &variant.fields).for_each(|field| note(field.ty, true));
                }
                SchemaKind::Array { item, .. } | SchemaKind::List { item, .. } => note(*item, inside),
                _ => {}
            }
        }
    }

    fn fields(&self, fields: &[SchemaField]) -> Result<Fields, String> {
        let field =
            |f: &SchemaField| Ok(FieldShape { name: f.name.clone(), at: number(f.offset)?, shape: f.ty as usize });
        let all = fields.iter().map(field).collect::<Result<Vec<_>, String>>()?;
        let numbered = !all.is_empty() && all.iter().enumerate().all(|(i, f)| f.name == i.to_string());
        Ok(Fields { all, numbered })
    }

    /// Whether catching up copies less than all of it: what `SharedLayout::TRACKED` says of the type.
    fn is_tracked(&self, ty: &SchemaType, form: &Form) -> bool {
        let is = |index: u32| self.get(index as usize).tracked;
        match &ty.kind {
            SchemaKind::List { .. } => true,
            SchemaKind::Struct(fields) => known::has_head(ty, form) || fields.iter().any(|f| is(f.ty)),
            SchemaKind::Enum { variants, .. } => variants.iter().flat_map(|v| &v.fields).any(|f| is(f.ty)),
            SchemaKind::Array { item, .. } => is(*item),
            _ => false,
        }
    }

    /// A type that another one, or this module, has named.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> &Shape {
        &self.all[index]
    }

    /// The type that a value of type `index` at `at` is shown as, and where that lies.
    #[inline]
    pub(crate) fn settle(&self, mut index: usize, mut at: usize) -> (usize, usize) {
        while let Form::Wrapper { item, at: inside } = self.get(index).form {
            (index, at) = (item, at + inside);
        }
        (index, at)
    }

    /// What the state is shown as.
    #[inline]
    pub(crate) fn root_location(&self) -> Location {
        self.root
    }

    /// A number that differs when two schemas do, unless they were chosen so that it is equal.
    #[inline]
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// All types.
    pub(crate) fn all(&self) -> &[Shape] {
        &self.all
    }

    /// The index of the state's own type.
    pub(crate) fn root(&self) -> usize {
        self.all.len() - 1
    }

    /// Bytes of the state.
    pub(crate) fn size(&self) -> usize {
        self.get(self.root()).size
    }
}

/// How many values without bytes a value of type `ty` holds.
fn empty_values(ty: &SchemaType, empty: &[u64], shapes: &[Shape]) -> u64 {
    let of = |index: u32| empty[index as usize];
    let repeated = |item: u32, count: u64| {
        // An item with bytes takes room in the file, each time.
        let each = of(item);
        if shapes[item as usize].size == 0 { each.saturating_mul(count) } else { each }
    };
    let inside = match &ty.kind {
        SchemaKind::Struct(fields) => fields.iter().fold(0, |sum: u64, f| sum.saturating_add(of(f.ty))),
        SchemaKind::Enum { variants, .. } => {
            variants.iter().flat_map(|v| &v.fields).fold(0, |sum: u64, f| sum.saturating_add(of(f.ty)))
        }
        SchemaKind::Array { item, len } => repeated(*item, *len),
        SchemaKind::List { item, capacity, .. } => repeated(*item, *capacity),
        _ => 0,
    };
    inside.saturating_add(u64::from(ty.size == 0))
}

/// A number of the schema, as this machine addresses memory.
fn number(number: u64) -> Result<usize, String> {
    usize::try_from(number).map_err(|_| format!("{number} bytes are more than there are addresses"))
}
