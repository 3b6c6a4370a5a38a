//! [`Position`]: where a part lies, without the state.

use super::fault::no_path;
use super::shape::{Fields, Form, Location, Run, Shapes};
use super::source::Source;
use super::value::Value;
use crate::error::Error;

/// Where a [`Value`] lies in its state, without the state: [`Value::position`].
///
/// It can be used with every version of a state of the same schema. It is a place and not an identity: after items of a list were
/// inserted or removed, the position of an item leads to another item, or to what is left of one. While an enum around the value
/// has another variant, the position leads nowhere, which is an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The fingerprint of the schema.
    schema: u64,
    location: Location,
    pub(super) key: bool,
}

impl Position {
    /// How many bytes after the start of the state it lies.
    #[must_use]
    pub const fn offset(self) -> usize {
        self.location.at
    }

    pub(super) fn location(self) -> Location {
        self.location
    }

    /// The place, if that is one of the state as it is now.
    #[inline]
    pub(super) fn location_in(self, shapes: &Shapes, source: Source<'_>) -> Result<Location, Error> {
        if self.schema != shapes.fingerprint() {
            return Err(of_another_state());
        }
        if shapes.get(self.location.shape).in_payload || self.location.variant.is_some() {
            has_its_variants(shapes, source, self.location)?;
        }
        Ok(self.location)
    }
}

impl Value<'_> {
    /// Where it lies.
    ///
    /// ```
    /// use shmstate::dynamic::{DynState, Value};
    /// # use shmstate::{List, State};
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("list");
    /// # let list = State::<List<u64, 4>>::create(&name)?;
    /// # list.transact(|list| Ok(list.push(7)?))?;
    /// let writer = DynState::options().writable(true).open(&name)?;
    /// let first = writer.read(|v| v.item(0).map(Value::position))??;
    /// writer.update(|v| v.part(first)?.set(&8u64.into()))?;
    /// assert_eq!(writer.read(|v| v.part(first)?.as_u64())??, 8);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn position(self) -> Position {
        Position { schema: self.shapes.fingerprint(), location: self.location, key: self.key }
    }
}

#[cold]
fn of_another_state() -> Error {
    no_path("the position is of another type of state")
}

/// Refuses a place in the payload of a variant that its enum does not have now: what lies there is of another type.
#[cold]
fn has_its_variants(shapes: &Shapes, source: Source<'_>, target: Location) -> Result<(), Error> {
    let mut location = shapes.root_location();
    while (location.at, location.shape) != (target.at, target.shape) {
        let value = Value { shapes, source, location, key: false };
        let Some((shape, at)) = towards(value, target)? else {
            // Nothing can be written over a value without bytes, and others may lie at the same place.
            let empty = shapes.get(target.shape).size == 0;
            return if empty { Ok(()) } else { Err(no_path(NO_SUCH_PART)) };
        };
        location = Location::settled(shapes, shape, at);
    }
    let Some(variant) = target.variant else { return Ok(()) };
    let value = Value { shapes, source, location, key: false };
    match &value.shape().form {
        Form::Enum { variants, .. } if variants[variant].value == value.variant_shape()?.value => Ok(()),
        _ => Err(no_path(NO_SUCH_PART)),
    }
}

const NO_SUCH_PART: &str =
    "the position leads into a variant that its enum does not have now: look for the part again, by its path";

/// The part of a value in which the target lies, and where it starts.
fn towards(value: Value<'_>, target: Location) -> Result<Option<(usize, usize)>, Error> {
    let (shapes, start) = (value.shapes, value.location.at);
    let item = |run: Run| {
        let first = start + run.at;
        let index = target.at.checked_sub(first)?.checked_div(run.size).filter(|index| *index < run.capacity)?;
        Some((run.item, first + index * run.size))
    };
    let field = |fields: &Fields| {
        let mut places = fields.all.iter().map(|field| (field.shape, start + field.at));
        places.find(|(shape, at)| (*at..*at + shapes.get(*shape).size).contains(&target.at))
    };
    Ok(match &value.shape().form {
        Form::Struct(fields) => field(fields),
        Form::Enum { .. } => field(&value.variant_shape()?.fields),
        Form::Maybe { item, at } | Form::Wrapper { item, at } => Some((*item, start + at)),
        Form::Array { items } | Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. } => {
            item(*items)
        }
        Form::Set(set) => item(set.keys.items),
        Form::Map { set, values } => item(values.items).or_else(|| item(set.keys.items)),
        Form::Sorted(map) => item(map.values).or_else(|| item(map.keys)),
        Form::Slab(slab) => item(slab.values.items),
        _ => None,
    })
}
