//! Parts of a state by their places: for programs that go from part to part, and keep where they are between two calls.

use super::data::Data;
use super::fault::{fault, no_path, no_value};
use super::find::{find_entry, type_of_keys};
use super::image::Image;
use super::locate::Sequence;
use super::position::Position;
use super::shape::{Form, Location, Run, Shape, Shapes};
use super::step::{Step, run};
use super::value::Value;
use super::write::{self, is_no};
use super::{hashed, sequence, slab, sorted};
use crate::error::{Error, ErrorKind};
use crate::layout::Scalar;
use std::borrow::Cow;
use std::ops::Range;

impl<'a> Value<'a> {
    /// The value at a position of the same state, whatever part this value is.
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath) if the position is of another type of state, and while an enum around it has another variant.
    #[inline]
    pub fn part(self, position: Position) -> Result<Value<'a>, Error> {
        let location = position.location_in(self.shapes, self.source)?;
        Ok(Value { location, key: position.key, ..self })
    }

    /// The number of its type in the schema: an index into `types` of [the document](mod@crate::format#schema). Of the payload of a
    /// variant, it is that of the enum.
    #[must_use]
    #[inline]
    pub fn type_index(self) -> usize {
        self.location.shape
    }

    /// Field number `index` of a struct, or of the payload of an enum's variant.
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath) if it has fewer fields; [`InvalidValue`](ErrorKind::InvalidValue) if it has none at
    /// all.
    #[inline]
    pub fn field(self, index: usize) -> Result<Value<'a>, Error> {
        let fields = self.field_shapes()?;
        let missing = || no_path(format!("field {index} of {} in a `{}`", fields.all.len(), self.shape().name));
        let field = fields.all.get(index).ok_or_else(missing)?;
        Ok(self.other(field.shape, self.location.at + field.at))
    }

    /// The number of the variant that an enum has, in the order of the schema.
    ///
    /// # Errors
    /// As for [`variant`](Self::variant).
    pub fn variant_index(self) -> Result<usize, Error> {
        let (Form::Enum { variants, .. }, found) = (&self.shape().form, self.variant_shape()?) else {
            return Err(self.is_no("no enum"));
        };
        variants.iter().position(|variant| variant.value == found.value).ok_or_else(|| self.is_no("no variant"))
    }

    /// The value of the entry of a map, or of a set the value itself, that has this key.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue) for a key of another type, and if it has no keys;
    /// [`Unsupported`](ErrorKind::Unsupported) for keys that are not [known](crate::dynamic#keys).
    pub fn entry(self, key: &Data) -> Result<Option<Value<'a>>, Error> {
        let (shape, at) = (self.shape(), self.location.at);
        let (keys, values, is_set) = match &shape.form {
            Form::Slab(slab) => {
                let Data::Unsigned(bits) = key else { return Err(is_no(shape, key)) };
                let Ok(bits) = u64::try_from(*bits) else { return Ok(None) };
                let found = super::locate::in_slab(slab, self.source, at, bits)?;
                return Ok(found.map(|inside| self.other(slab.values.items.item, at + inside)));
            }
            Form::Set(set) => (set.keys.items.item, set.keys.items.item, true),
            Form::Map { set, values } => (set.keys.items.item, values.items.item, false),
            Form::Sorted(map) => (map.keys.item, map.values.item, false),
            _ => return Err(self.is_no("no map and no set")),
        };
        let _ = type_of_keys(self.shapes, &shape.form)?;
        let (_, key) = write::key(self.shapes, keys, key)?;
        let found = find_entry(self.shapes, &shape.form, self.source, at, &key)?;
        Ok(found.map(|at| Value { key: self.key || is_set, ..self.other(values, at) }))
    }

    /// The bytes of the items of a sequence, one after the other, where they lie; `None` if they do not lie in one piece in this
    /// order, as those of a ring that has gone around, and those of a list of [`Tracked`](crate::Tracked) values, between which marks lie.
    ///
    /// In an update of a [`Transaction`](super::Transaction), some of the items may lie in the copy that it writes and some in the
    /// committed one, and the result is `None` then too. The next change may move items: [`Part::item_bytes`] brings them to where
    /// they stay.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue) if it is no sequence.
    pub fn item_bytes(self) -> Result<Option<&'a [u8]>, Error> {
        Ok(self.item_range()?.and_then(|range| self.source.in_place(range)))
    }

    /// The bytes of some items of a sequence, one after the other, copied if they do not lie in one piece of memory; `None` if they are not one
    /// after the other in the state, as for [`item_bytes`](Self::item_bytes).
    ///
    /// ```
    /// # use shmstate::{List, State};
    /// # use shmstate::dynamic::DynState;
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("list");
    /// # let list = State::<List<u16, 8>>::create(&name)?;
    /// # list.transact(|list| Ok(list.extend_from_slice(&[1, 2, 3])?))?;
    /// let view = DynState::open(&name)?;
    /// let last = view.read(|v| v.bytes_of_items(1..3).map(|bytes| bytes.map(|bytes| bytes.into_owned())))??;
    /// assert_eq!(last, Some([2u16, 3].map(u16::to_ne_bytes).concat()));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath) if there are no such items; [`InvalidValue`](ErrorKind::InvalidValue) if it is no sequence.
    pub fn bytes_of_items(self, range: Range<usize>) -> Result<Option<Cow<'a, [u8]>>, Error> {
        let Some(all) = self.item_range()? else { return Ok(None) };
        let size = self.run().map_or(0, |items| items.size);
        let count = all.len().checked_div(size).unwrap_or(0);
        if range.start > range.end || range.end > count {
            return Err(no_path(format!("items {range:?} of {count} in a `{}`", self.shape().name)));
        }
        self.source.bytes(all.start + range.start * size, range.len() * size).map(Some)
    }

    /// Where the items lie, if in one piece and with nothing between them.
    fn item_range(self) -> Result<Option<Range<usize>>, Error> {
        let sequence = Sequence::of(&self.shape().form, self.source, self.location.at)?;
        let sequence = sequence.ok_or_else(|| self.is_no("no sequence"))?;
        let (item, within) = self.shapes.settle(sequence.items.item, 0);
        let has_more = within != 0 || self.shapes.get(item).size != sequence.items.size;
        if has_more || sequence.count > 0 && sequence.start + sequence.count > sequence.around {
            return Ok(None);
        }
        let at = self.location.at + if sequence.count > 0 { sequence.offset(0) } else { sequence.items.at };
        Ok(Some(at..at + sequence.count * sequence.items.size))
    }

    /// Whether all bytes are a value of the type: numbers, times, and arrays and structs of these.
    #[must_use]
    pub fn is_any_bytes(self) -> bool {
        self.location.variant.is_none() && is_any_bytes(self.shapes, self.location.shape)
    }

    /// Whether all bytes are items of this sequence, one after the other, as [`is_any_bytes`](Self::is_any_bytes) says it of an item:
    /// whether [`Part::splice_bytes`] takes them.
    #[must_use]
    pub fn items_are_any_bytes(self) -> bool {
        self.run().is_some_and(|items| is_any_bytes(self.shapes, items.item))
    }

    /// The payload of the variant that an enum has now, as a struct of its fields.
    ///
    /// # Errors
    /// As for [`variant`](Self::variant).
    pub fn payload(self) -> Result<Value<'a>, Error> {
        let index = self.variant_index()?;
        Ok(Value { location: Location { variant: Some(index), ..self.location }, ..self })
    }

    /// The number of the type of the items of a sequence or a set.
    #[must_use]
    pub fn item_type(self) -> Option<usize> {
        self.run().map(|items| self.shapes.settle(items.item, 0).0)
    }

    /// The items of a sequence or a set, as they lie.
    fn run(self) -> Option<Run> {
        match &self.shape().form {
            Form::Array { items } | Form::List { items } | Form::Ring { items, .. } | Form::Queue { items, .. } => {
                Some(*items)
            }
            Form::Set(set) => Some(set.keys.items),
            _ => None,
        }
    }

    /// The bytes of the value itself, with those that mean nothing.
    ///
    /// # Errors
    /// [`Corrupt`](ErrorKind::Corrupt) if it leads out of the state.
    pub fn bytes(self) -> Result<Cow<'a, [u8]>, Error> {
        self.source.bytes(self.location.at, self.shape().size)
    }
}

/// Whether all bytes are a value of the type.
fn is_any_bytes(shapes: &Shapes, shape: usize) -> bool {
    match &shapes.get(shape).form {
        Form::Scalar(Scalar::Bool | Scalar::Char) => false,
        Form::Scalar(_) | Form::NonZero(_) | Form::TimeSpan | Form::Timestamp => true,
        Form::Struct(fields) => fields.all.iter().all(|field| is_any_bytes(shapes, field.shape)),
        // Not of what keeps marks, which has bytes of its own before its items.
        Form::Array { items } => items.at == 0 && is_any_bytes(shapes, items.item),
        Form::Wrapper { item, at } => *at == 0 && is_any_bytes(shapes, *item),
        _ => false,
    }
}

/// A part of the state in an update: [`Edit::part`](super::Edit::part). Its methods do what those of
/// [`Edit`](super::Edit) do at the end of a path, and return the same errors, without a path.
pub struct Part<'e, 'a> {
    pub(super) shapes: &'a Shapes,
    pub(super) image: &'e mut Image<'a>,
    pub(super) location: Location,
}

impl<'e, 'a> Part<'e, 'a> {
    pub(super) fn at(shapes: &'a Shapes, image: &'e mut Image<'a>, position: Position) -> Result<Self, Error> {
        let location = position.location_in(shapes, image.source())?;
        if position.key {
            let why = "a key, and a value of a set, does not change, because its place follows from it: remove it, and insert another one";
            return Err(fault(ErrorKind::Unsupported, why));
        }
        Ok(Part { shapes, image, location })
    }

    fn value(&self) -> Value<'_> {
        Value { shapes: self.shapes, source: self.image.source(), location: self.location, key: false }
    }

    /// Gives it another value: see [`Edit::set`](super::Edit::set). Bytes that are the same already are not written.
    ///
    /// # Errors
    /// As for [`Edit::set`](super::Edit::set).
    pub fn set(&mut self, value: &Data) -> Result<(), Error> {
        if self.location.variant.is_some() {
            return Err(no_path("it leads to the payload of a variant: set the enum itself, or one field"));
        }
        let at = self.location.at;
        let bytes = write::bytes(self.shapes, self.location.shape, value)?;
        if *self.image.source().bytes(at, bytes.len())? == *bytes {
            return Ok(());
        }
        self.image.put(at, &bytes)
    }

    /// Adds an item or a value: see [`Edit::push`](super::Edit::push).
    ///
    /// # Errors
    /// As for [`Edit::push`](super::Edit::push).
    pub fn push(&mut self, item: &Data) -> Result<(), Error> {
        let (shape, at) = self.container()?;
        match shape.form {
            Form::Set(_) => hashed::insert(self.shapes, shape, self.image, at, item, None).map(drop),
            Form::List { .. } | Form::Ring { .. } | Form::Queue { .. } => {
                sequence::push(self.shapes, shape, self.image, at, item)
            }
            _ => Err(no_value(format!("a `{}` takes nothing by `push`", shape.name))),
        }
    }

    /// Inserts an item or an entry: see [`Edit::insert`](super::Edit::insert).
    ///
    /// # Errors
    /// As for [`Edit::insert`](super::Edit::insert).
    pub fn insert(&mut self, key: &Data, value: &Data) -> Result<(), Error> {
        let (shape, at) = self.container()?;
        match shape.form {
            Form::Map { .. } => hashed::insert(self.shapes, shape, self.image, at, key, Some(value)).map(drop),
            Form::Sorted(_) => sorted::insert(self.shapes, shape, self.image, at, key, value).map(drop),
            Form::List { .. } | Form::Ring { .. } | Form::Queue { .. } => {
                let index = index_of(shape, key)?;
                sequence::insert(self.shapes, shape, self.image, at, index, value)
            }
            _ => Err(no_value(format!("a `{}` takes nothing by `insert`", shape.name))),
        }
    }

    /// Adds a value to a slab: see [`Edit::add`](super::Edit::add).
    ///
    /// # Errors
    /// As for [`Edit::add`](super::Edit::add).
    pub fn add(&mut self, value: &Data) -> Result<u64, Error> {
        let (shape, at) = self.container()?;
        match &shape.form {
            Form::Slab(places) => slab::insert(self.shapes, shape, places, self.image, at, value),
            _ => Err(no_value(format!("a `{}` is no slab", shape.name))),
        }
    }

    /// Removes an item by its index, or an entry or a value by its key. Returns whether it was there.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue) for what is no key or no index of it.
    pub fn remove(&mut self, key: &Data) -> Result<bool, Error> {
        let (shape, at) = self.container()?;
        match &shape.form {
            Form::List { .. } | Form::Ring { .. } | Form::Queue { .. } => {
                let index = index_of(shape, key)?;
                if index >= self.value_of(shape, at)?.count {
                    return Ok(false);
                }
                sequence::remove(shape, self.image, at, index).map(|()| true)
            }
            Form::Slab(places) => match key {
                Data::Unsigned(bits) => {
                    u64::try_from(*bits).map_or(Ok(false), |bits| slab::remove(places, self.image, at, bits))
                }
                _ => Err(is_no(shape, key)),
            },
            form => {
                if type_of_keys(self.shapes, form)?.is_none() {
                    return Err(no_value(format!("nothing can be removed from a `{}`", shape.name)));
                }
                match form {
                    Form::Sorted(map) => {
                        let (_, key) = write::key(self.shapes, map.keys.item, key)?;
                        sorted::remove(self.shapes, shape, self.image, at, &key)
                    }
                    Form::Set(set) | Form::Map { set, .. } => {
                        let (_, key) = write::key(self.shapes, set.keys.items.item, key)?;
                        hashed::remove(self.shapes, shape, self.image, at, &key)
                    }
                    _ => Ok(false),
                }
            }
        }
    }

    /// Replaces the items `range` of a list, a ring or a queue by others, of which there may be more or fewer. In an array, their
    /// number has to be the same.
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath) if there are no such items; otherwise as for [`Edit::set`](super::Edit::set). The
    /// container is as it was then.
    pub fn splice(&mut self, range: Range<usize>, items: &[Data]) -> Result<(), Error> {
        let (shape, at) = self.container()?;
        sequence::splice(self.shapes, shape, self.image, at, range, items)
    }

    /// [`splice`](Self::splice) with items that are given as their bytes, which are copied as they are: of numbers only.
    ///
    /// # Errors
    /// As for [`splice`](Self::splice); [`InvalidValue`](ErrorKind::InvalidValue) for items for which not all bytes are a value, and
    /// for bytes that are no whole number of items.
    pub fn splice_bytes(&mut self, range: Range<usize>, items: &[u8]) -> Result<(), Error> {
        let (shape, at) = self.container()?;
        if !self.contained()?.items_are_any_bytes() {
            return Err(no_value(format!("not all bytes are items of a `{}`: give the items", shape.name)));
        }
        sequence::splice_bytes(shape, self.image, at, range, items)
    }

    /// Empties it: see [`Edit::clear`](super::Edit::clear).
    ///
    /// # Errors
    /// As for [`Edit::clear`](super::Edit::clear).
    pub fn clear(&mut self) -> Result<(), Error> {
        let (shape, at) = (self.shapes.get(self.location.shape), self.location.at);
        match &shape.form {
            _ if self.location.variant.is_some() => Err(no_path("it leads to the payload of a variant")),
            Form::List { .. } | Form::Ring { .. } | Form::Queue { .. } => sequence::clear(shape, self.image, at),
            Form::Text { .. } | Form::Blob { .. } => self.image.put_u32(at, 0),
            Form::Maybe { .. } => self.image.put(at, &[0]),
            Form::Slab(places) => slab::clear(places, self.image, at),
            Form::Set(_) | Form::Map { .. } => hashed::clear(shape, self.image, at),
            Form::Sorted(_) => sorted::clear(shape, self.image, at),
            Form::Archived { bytes, .. } => {
                // The hash comes first, and is 0 without a value.
                self.image.put(at, &[0; 16])?;
                self.image.put_u32(at + bytes.len, 0)
            }
            _ => Err(no_value(format!("a `{}` cannot be emptied", shape.name))),
        }
    }

    /// The bytes of the items of a sequence of numbers, to be written in place; all of them count as written. `None` if they do not
    /// lie in one piece.
    ///
    /// # Errors
    /// [`InvalidValue`](ErrorKind::InvalidValue) if it is something else: bytes of another type might be no value of it.
    pub fn bytes_mut(&mut self) -> Result<Option<&mut [u8]>, Error> {
        let contained = self.contained()?;
        if matches!(contained.shape().form, Form::Set(_)) || !contained.items_are_any_bytes() {
            return Err(contained.is_no("no sequence of numbers"));
        }
        match contained.item_range()? {
            Some(range) => self.image.bytes_mut(range.start, range.len()).map(Some),
            None => Ok(None),
        }
    }

    /// The bytes of the items of a sequence, one after the other, where they lie until the update ends; `None` if they do not lie in one
    /// piece in this order.
    ///
    /// # Errors
    /// As for [`Value::item_bytes`].
    pub fn item_bytes(&mut self) -> Result<Option<&[u8]>, Error> {
        match self.contained()?.item_range()? {
            Some(range) => self.image.look(range).map(Some),
            None => Ok(None),
        }
    }

    fn value_of(&self, shape: &Shape, at: usize) -> Result<Sequence, Error> {
        let sequence = Sequence::of(&shape.form, self.image.source(), at)?;
        sequence.ok_or_else(|| no_value(format!("a `{}` is no sequence", shape.name)))
    }

    /// The container, which may be the value of a `Maybe`: its type, and where it lies.
    pub(super) fn container(&self) -> Result<(&'a Shape, usize), Error> {
        let location = self.contained()?.location;
        Ok((self.shapes.get(location.shape), location.at))
    }

    /// The container.
    fn contained(&self) -> Result<Value<'_>, Error> {
        let mut location = self.location;
        if location.variant.is_some() {
            return Err(no_path("it leads to the payload of a variant"));
        }
        while let Form::Maybe { item, .. } = self.shapes.get(location.shape).form {
            let at = run(self.shapes, self.image.source(), &Step::Present, location)?;
            location = Location::settled(self.shapes, item, at);
        }
        Ok(Value { location, ..self.value() })
    }
}

/// The index that a number stands for.
fn index_of(shape: &Shape, key: &Data) -> Result<usize, Error> {
    let index = match key {
        Data::Unsigned(index) => usize::try_from(*index).ok(),
        Data::Signed(index) => usize::try_from(*index).ok(),
        _ => return Err(is_no(shape, key)),
    };
    index.ok_or_else(|| no_path("no index of an item"))
}

impl std::fmt::Debug for Part<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.value().fmt(f)
    }
}
