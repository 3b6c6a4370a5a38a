//! From one part of a state to a part of it: what a part of a path means for a type, and what has to be looked at to go there.

use super::fault::{damaged, no_path};
use super::find::{find_entry, type_of_keys};
use super::key_text::parse;
use super::keys::Key;
use super::locate::{Sequence, in_slab};
use super::segment::Segment;
use super::shape::{Fields, Form, Location, Shape, Shapes};
use super::source::Source;
use crate::error::Error;

/// How many names a message has before it gives up.
const NAMED: usize = 12;

/// What is looked at on the way from one part to another one; the types of both are known before.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Nothing: the part always lies there.
    Skip(usize),
    /// The discriminant of an enum, which has to be that of this variant.
    Variant(usize),
    /// The flag of a `Maybe`, which has to hold a value.
    Present,
    /// The length of a sequence, and where it starts.
    Item(usize),
    /// The place of a value in a slab.
    InSlab(u64),
    /// The entry of a map or set.
    Entry(Key<'static>),
}

/// Resolves one part of a path. `go` takes a step from a value of that type at that offset, and says where it leads.
#[inline]
pub(super) fn resolve(
    shapes: &Shapes,
    mut location: Location,
    segment: &Segment<'_>,
    mut go: impl FnMut(Step, Location) -> Result<usize, Error>,
) -> Result<Location, Error> {
    loop {
        let shape = shapes.get(location.shape);
        if let (Form::Enum { variants, .. }, Some(variant)) = (&shape.form, location.variant) {
            return field(shapes, &variants[variant].fields, &variants[variant].name, segment, location, go);
        }
        let item = match &shape.form {
            Form::Struct(fields) => return field(shapes, fields, &shape.name, segment, location, go),
            Form::Maybe { item, .. } => {
                let at = go(Step::Present, location)?;
                location = Location::settled(shapes, *item, at);
                continue;
            }
            Form::Enum { variants, .. } => {
                let index = variants.iter().position(|variant| variant.name == segment.text());
                let index =
                    index.ok_or_else(|| missing("variant", segment, &shape.name, variants.iter().map(|v| &*v.name)))?;
                let at = go(Step::Variant(index), location)?;
                return Ok(Location { at, variant: Some(index), ..location });
            }
            Form::Array { items } => {
                let index = index_of(segment, shape)?;
                if index >= items.capacity {
                    return Err(no_path(format!("item {index} of {} in a `{}`", items.capacity, shape.name)));
                }
                let at = go(Step::Skip(items.offset(index)), location)?;
                return Ok(Location::settled(shapes, items.item, at));
            }
            Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. } => {
                let at = go(Step::Item(index_of(segment, shape)?), location)?;
                return Ok(Location::settled(shapes, items.item, at));
            }
            Form::Slab(slab) => {
                let at = go(Step::InSlab(slab_key(segment)?), location)?;
                return Ok(Location::settled(shapes, slab.values.items.item, at));
            }
            Form::Set(set) => set.keys.items.item,
            Form::Map { values, .. } => values.items.item,
            Form::Sorted(map) => map.values.item,
            _ => return Err(no_path(format!("`{}`: a `{}` has no parts", segment.text(), shape.name))),
        };
        let Some(keys) = type_of_keys(shapes, &shape.form)? else { return Err(no_path("it has no keys")) };
        let at = go(Step::Entry(parse(shapes, keys, segment)?), location)?;
        return Ok(Location::settled(shapes, item, at));
    }
}

/// Takes a step in a version of a state.
#[inline]
pub(super) fn run(shapes: &Shapes, source: Source<'_>, step: &Step, location: Location) -> Result<usize, Error> {
    let (shape, at) = (shapes.get(location.shape), location.at);
    match step {
        Step::Skip(by) => Ok(at + by),
        Step::Variant(index) => {
            let Form::Enum { tag, variants } = &shape.form else { return Err(changed()) };
            let (meant, value) = (&variants[*index], source.tag(at, *tag)?);
            if value != meant.value {
                let now = variants.iter().find(|variant| variant.value == value).map_or("none", |v| &v.name);
                return Err(no_path(format!("the `{}` is `{now}` now, and not `{}`", shape.name, meant.name)));
            }
            Ok(at)
        }
        Step::Present => {
            let Form::Maybe { at: inside, .. } = shape.form else { return Err(changed()) };
            if source.array::<1>(at)? == [0] {
                return Err(no_path(format!("the `{}` holds no value now", shape.name)));
            }
            Ok(at + inside)
        }
        Step::Item(index) => {
            // The common case.
            if let Form::List { items } = &shape.form
                && *index < source.u32(at)?.min(items.capacity)
            {
                return Ok(at + items.offset(*index));
            }
            let sequence = Sequence::of(&shape.form, source, at)?.ok_or_else(changed)?;
            if *index >= sequence.count {
                return Err(no_path(format!("item {index} of {} in a `{}`", sequence.count, shape.name)));
            }
            Ok(at + sequence.offset(*index))
        }
        Step::InSlab(bits) => {
            let Form::Slab(slab) = &shape.form else { return Err(changed()) };
            let found = in_slab(slab, source, at, *bits)?;
            let key = crate::Key::<()>::from_bits(*bits);
            found
                .map(|inside| at + inside)
                .ok_or_else(|| no_path(format!("the `{}` has no value of key `{key}`", shape.name)))
        }
        Step::Entry(key) => {
            let found = find_entry(shapes, &shape.form, source, at, key)?;
            found.ok_or_else(|| no_path(format!("the `{}` has no such key", shape.name)))
        }
    }
}

/// A step of another type; no path that was resolved has one.
#[cold]
fn changed() -> Error {
    damaged("the step is of another type")
}

#[inline]
fn field(
    shapes: &Shapes,
    fields: &Fields,
    of: &str,
    segment: &Segment<'_>,
    location: Location,
    mut go: impl FnMut(Step, Location) -> Result<usize, Error>,
) -> Result<Location, Error> {
    let name = segment.text();
    let Some(field) = fields.all.iter().find(|field| field.name == name) else {
        return Err(missing("field", segment, of, fields.all.iter().map(|field| &*field.name)));
    };
    let at = go(Step::Skip(field.at), location)?;
    Ok(Location::settled(shapes, field.shape, at))
}

/// The error for a name that is not there, with those that are.
#[cold]
fn missing<'a>(what: &str, segment: &Segment<'_>, of: &str, names: impl ExactSizeIterator<Item = &'a str>) -> Error {
    let count = names.len();
    let named: Vec<_> = names.take(NAMED).collect();
    let more = if count > NAMED { format!(", and {} more", count - NAMED) } else { String::new() };
    no_path(format!("`{of}` has no {what} `{}`; it has {}{more}", segment.text(), named.join(", ")))
}

/// The index that a part of a path stands for.
#[inline]
pub(super) fn index_of(segment: &Segment<'_>, shape: &Shape) -> Result<usize, Error> {
    let text = segment.text();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let index = if digits { text.parse().ok() } else { None };
    index.ok_or_else(|| no_path(format!("`{text}` is no index of an item in a `{}`: write `[0]`", shape.name)))
}

/// The key of a slab that a part of a path stands for: as it is displayed, `3v1`, or its number.
pub(super) fn slab_key(segment: &Segment<'_>) -> Result<u64, Error> {
    let text = segment.text();
    match text.parse::<crate::Key<()>>() {
        Ok(key) => Ok(key.to_bits()),
        Err(e) => text.parse().map_err(|_| no_path(format!("`{text}`: {e}"))),
    }
}
