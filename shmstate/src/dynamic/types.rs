//! [`Types`]: the types of a schema, for programs that look at them before they look at values.

use super::create::schema_of;
use super::position::Position;
use super::shape::{Counted, FieldShape, Fields, Form, Location, Run, Shape, Shapes};
use super::state::DynState;
use super::value::{Value, ValueKind};
use crate::error::Error;
use crate::layout::Scalar;
use std::sync::Arc;

/// The types of a state: [`DynState::types`].
///
/// A type is named by its number in the schema, as [`Value::type_index`] gives it.
///
/// ```
/// use shmstate::dynamic::{DynState, ValueKind};
/// # use shmstate::{List, State};
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("list");
/// # let _list = State::<List<u64, 4>>::create(&name)?;
/// let types = DynState::open(&name)?.types();
/// let list = types.get(types.root()).unwrap();
/// assert_eq!((list.kind, &*list.name, list.capacity), (ValueKind::Sequence, "List<u64, 4>", Some(4)));
/// assert_eq!(types.get(list.item.unwrap()).unwrap().number, Some("u64"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Types(Arc<Shapes>);

/// One of the [`Types`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TypeInfo {
    /// What its values are.
    pub kind: ValueKind,
    /// As it would be written in Rust.
    pub name: String,
    /// Bytes of a value.
    pub size: usize,
    /// How many items, entries or bytes a container has room for.
    pub capacity: Option<usize>,
    /// The Rust name of the number, of an integer, a floating-point number or a `NonZero`.
    pub number: Option<&'static str>,
    /// The type of the items, of the values of a map, a slab or a `Maybe`.
    pub item: Option<usize>,
    /// The type of the keys of a map.
    pub key: Option<usize>,
    /// The fields of a struct, with their types.
    pub fields: Vec<(String, usize)>,
    /// The variants of an enum.
    pub variants: Vec<VariantInfo>,
}

/// A variant of an enum: [`TypeInfo::variants`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct VariantInfo {
    /// Its name.
    pub name: String,
    /// Its discriminant.
    pub value: u64,
    /// Its fields, with their types.
    pub fields: Vec<(String, usize)>,
}

impl DynState {
    /// The types of the state.
    #[must_use]
    pub fn types(&self) -> Types {
        Types(Arc::clone(&self.shapes))
    }
}

impl Types {
    /// The types of a schema.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for what is no schema.
    pub fn of_schema(schema: &str) -> Result<Types, Error> {
        let schema = schema_of(schema)?;
        let invalid = |why| crate::error::ErrorRepr::InvalidOption(format!("the schema: {why}"));
        Ok(Types(Arc::new(Shapes::new(&schema).map_err(invalid)?)))
    }

    /// How many there are.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.0.all().len()
    }

    /// The type of the state.
    #[must_use]
    pub fn root(&self) -> usize {
        self.0.root_location().shape
    }

    /// The type of that number. A type around a single value (`Tracked`, `Wrapping`) gives that of the value.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<TypeInfo> {
        if index >= self.len() {
            return None;
        }
        let shape = self.0.get(self.0.settle(index, 0).0);
        let (kind, settled) = (Value::kind_of(shape), |item: usize| self.0.settle(item, 0).0);
        let named = |f: &FieldShape| (f.name.clone(), settled(f.shape));
        let fields = |fields: &Fields| fields.all.iter().map(named).collect();
        let (key, item) = match &shape.form {
            Form::Map { set, values } => (Some(set.keys.items.item), Some(values.items.item)),
            Form::Sorted(map) => (Some(map.keys.item), Some(map.values.item)),
            Form::Set(set) => (None, Some(set.keys.items.item)),
            Form::Slab(slab) => (None, Some(slab.values.items.item)),
            Form::Maybe { item, .. } => (None, Some(*item)),
            form => (None, run_of(form).map(|run| run.item)),
        };
        Some(TypeInfo {
            kind,
            name: shape.name.clone(),
            size: shape.size,
            capacity: shape.capacity(),
            number: match shape.form {
                Form::Scalar(Scalar::Bool | Scalar::Char) => None,
                Form::Scalar(scalar) | Form::NonZero(scalar) => Some(scalar.name()),
                _ => None,
            },
            item: item.map(settled),
            key: key.map(settled),
            fields: if let Form::Struct(all) = &shape.form { fields(all) } else { Vec::new() },
            variants: match &shape.form {
                Form::Enum { variants, .. } => {
                    let info = |v: &super::shape::VariantShape| VariantInfo {
                        name: v.name.clone(),
                        value: v.value,
                        fields: fields(&v.fields),
                    };
                    variants.iter().map(info).collect()
                }
                _ => Vec::new(),
            },
        })
    }
}

/// The items of a sequence.
fn run_of(form: &Form) -> Option<Run> {
    match *form {
        Form::Array { items } | Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. } => {
            Some(items)
        }
        _ => None,
    }
}

impl Value<'_> {
    /// A path to a position, from this value on, as it is now: for messages. It is less exact than it could be where it leads into a
    /// map or a slab.
    #[must_use]
    pub fn path_to(self, position: Position) -> String {
        let (mut path, target) = (String::new(), position.location());
        let (mut shape, mut at) = (self.location.shape, self.location.at);
        while (shape, at) != (target.shape, target.at) {
            let Some((name, location)) = self.towards(self.shapes.get(shape), at, target) else { break };
            if !name.starts_with('[') && !path.is_empty() && !name.is_empty() {
                path.push('.');
            }
            path.push_str(&name);
            (shape, at) = self.shapes.settle(location.shape, location.at);
        }
        path
    }

    /// The part of a value of that type at that offset in which the target lies.
    fn towards(self, shape: &Shape, at: usize, target: Location) -> Option<(String, Location)> {
        let location = |shape, at| Location { at, shape, variant: None };
        let inside = |run: Run, start: usize| {
            let first = start + run.at;
            let index = target.at.checked_sub(first)?.checked_div(run.size).filter(|index| *index < run.capacity)?;
            Some((index, location(run.item, first + index * run.size)))
        };
        let field = |fields: &Fields| {
            let within = |f: &&FieldShape| (at + f.at..at + f.at + self.shapes.get(f.shape).size).contains(&target.at);
            let found = fields.all.iter().find(within)?;
            Some((found.name.clone(), location(found.shape, at + found.at)))
        };
        match &shape.form {
            Form::Struct(fields) => field(fields),
            Form::Enum { .. } => {
                let value = Value { location: self.whole(shape, at)?, ..self };
                field(&value.variant_shape().ok()?.fields)
            }
            Form::Maybe { item, at: start } => Some((String::new(), location(*item, at + start))),
            Form::Map { values: Counted { items, .. }, .. } => {
                inside(*items, at).map(|(_, location)| ("[..]".into(), location))
            }
            Form::Sorted(map) => inside(map.values, at).map(|(_, location)| ("[..]".into(), location)),
            Form::Slab(slab) => inside(slab.values.items, at).map(|(_, location)| ("[..]".into(), location)),
            Form::Set(set) => inside(set.keys.items, at).map(|(_, location)| ("[..]".into(), location)),
            form => {
                let (slot, location) = inside(run_of(form)?, at)?;
                let sequence = super::locate::Sequence::of(form, self.source, at).ok()??;
                let index = (slot + sequence.around.max(1) - sequence.start) % sequence.around.max(1);
                Some((format!("[{index}]"), location))
            }
        }
    }
}

impl Value<'_> {
    /// The whole value of that type at that offset.
    fn whole(self, shape: &Shape, at: usize) -> Option<Location> {
        let index = self.shapes.all().iter().position(|known| std::ptr::eq(known, shape))?;
        Some(Location { at, shape: index, variant: None })
    }
}
