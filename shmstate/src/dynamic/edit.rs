//! What a program does in an update.

use super::data::Data;
use super::fault::{Within, fault, no_path, no_value};
use super::find::type_of_keys;
use super::image::Image;
use super::parse::Parse;
use super::part::Part;
use super::position::Position;
use super::segment::{Segment, Segments};
use super::shape::{Form, Location, Shapes};
use super::step::{index_of, resolve, run, slab_key};
use super::value::Value;
use super::{hashed, key_text, sequence, slab, sorted};
use crate::error::{Error, ErrorKind};
use serde::de::DeserializeSeed;
use std::fmt;

/// The state in an update: [`DynState::update`](super::DynState::update).
///
/// Each method takes a path, and each error names it. A value that the type does not have, or that has no room, is refused before
/// anything is written. An error that the closure returns rolls the whole update back.
///
/// ```
/// use shmstate::dynamic::{Data, DynState};
/// use shmstate::{List, Map, SharedLayout, State, Text};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Room { name: Text<16>, seats: u64 }
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct House { rooms: List<Room, 8>, ports: Map<Text<8>, u64, 4> }
///
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("house");
/// let house = State::<House>::create(&name)?;
/// let writer = DynState::options().writable(true).open(&name)?;
/// writer.update(|v| {
///     v.push("rooms", Data::fields([("name", Data::from("kitchen")), ("seats", 4u64.into())]))?;
///     v.insert("ports", "http", 80u64)?;
///     v.set("rooms[0].seats", 5u64)
/// })?;
/// assert_eq!(house.read(|s| (s.rooms[0].seats, s.ports["http"]))?, (5, 80));
///
/// let error = writer.update(|v| v.set("rooms[0].name", "a name that is too long")).unwrap_err();
/// assert_eq!(error.to_string(), "`rooms[0].name`: the `Text<16>` is full: it holds at most 16, and 23 were needed");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct Edit<'a> {
    shapes: &'a Shapes,
    image: Image<'a>,
}

impl<'a> Edit<'a> {
    pub(super) fn new(shapes: &'a Shapes, image: Image<'a>) -> Self {
        Edit { shapes, image }
    }

    /// The whole state, as it is now.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        Value::root(self.shapes, self.image.source())
    }

    /// The part that a path leads to, as it is now: see [`Value::get`].
    ///
    /// # Errors
    /// As for [`Value::get`].
    pub fn get(&self, path: &str) -> Result<Value<'_>, Error> {
        self.value().get(path)
    }

    /// Gives a part another value.
    ///
    /// A container is replaced as a whole, and an enum together with its payload. The key of an entry does not change: insert
    /// another one.
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath); [`InvalidValue`](ErrorKind::InvalidValue) for what is no value of the type;
    /// [`Full`](ErrorKind::Full) for what does not fit; [`Unsupported`](ErrorKind::Unsupported) for an archive, and for maps whose
    /// keys are not [known](crate::dynamic#keys), or lie where only the program puts them.
    pub fn set(&mut self, path: &str, value: impl Into<Data>) -> Result<(), Error> {
        self.set_data(path, &value.into()).within(path)
    }

    /// Gives a part another value, from JSON.
    ///
    /// The JSON is read strictly: all fields have to be there, no others, and none twice.
    ///
    /// # Errors
    /// As for [`set`](Self::set); [`InvalidValue`](ErrorKind::InvalidValue) with line and column for what is no JSON.
    pub fn set_json(&mut self, path: &str, json: &str) -> Result<(), Error> {
        let mut read = || {
            let (_, shape) = self.target(path)?;
            let mut reader = serde_json::Deserializer::from_str(json);
            let data = Parse::value(self.shapes, shape).deserialize(&mut reader);
            let data = data.and_then(|data| reader.end().map(|()| data));
            self.set_data(path, &data.map_err(|e| no_value(format!("in the JSON: {e}")))?)
        };
        read().within(path)
    }

    fn set_data(&mut self, path: &str, value: &Data) -> Result<(), Error> {
        self.part_at(path)?.set(value)
    }

    /// The part that lies at a position of this state, to be changed.
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath) if the position is of another type of state, and while an enum around the part has another variant;
    /// [`Unsupported`](ErrorKind::Unsupported) for a key, and for a value of a set.
    #[inline]
    pub fn part(&mut self, position: Position) -> Result<Part<'_, 'a>, Error> {
        Part::at(self.shapes, &mut self.image, position)
    }

    fn part_at(&mut self, path: &str) -> Result<Part<'_, 'a>, Error> {
        let location = self.location(path)?;
        Ok(Part { shapes: self.shapes, image: &mut self.image, location })
    }

    /// Where the part lies that a path leads to, and its type, for a value that replaces it.
    fn target(&self, path: &str) -> Result<(usize, usize), Error> {
        let location = self.location(path)?;
        if location.variant.is_some() {
            return Err(no_path("it leads to the payload of a variant: set the enum itself, or one field"));
        }
        Ok((location.at, location.shape))
    }

    /// Adds an item at the end of a list, a queue or a ring, or a value to a set. In a full ring, the oldest item makes room.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn push(&mut self, path: &str, item: impl Into<Data>) -> Result<(), Error> {
        let item = item.into();
        self.part_at(path).and_then(|mut part| part.push(&item)).within(path)
    }

    /// Inserts an item into a list or a queue, before the item at index `key`; or an entry into a map, where it replaces an entry
    /// with that key.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn insert(&mut self, path: &str, key: impl Into<Data>, value: impl Into<Data>) -> Result<(), Error> {
        let (key, value) = (key.into(), value.into());
        self.part_at(path).and_then(|mut part| part.insert(&key, &value)).within(path)
    }

    /// Adds a value to a slab. Returns its key, as `Key::to_bits` gives it.
    ///
    /// # Errors
    /// As for [`set`](Self::set).
    pub fn add(&mut self, path: &str, value: impl Into<Data>) -> Result<u64, Error> {
        let value = value.into();
        self.part_at(path).and_then(|mut part| part.add(&value)).within(path)
    }

    /// Removes what the last part of a path names: an item of a list, a ring or a queue, an entry of a map, a value of a set or a
    /// slab.
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath) if it is not there.
    pub fn remove(&mut self, path: &str) -> Result<(), Error> {
        self.remove_last(path).within(path)
    }

    fn remove_last(&mut self, path: &str) -> Result<(), Error> {
        let (mut segments, mut location) = (Segments::of(path), self.shapes.root_location());
        let mut last = segments.next()?.ok_or_else(|| no_path("the whole state cannot be removed"))?;
        while let Some(next) = segments.next()? {
            location = self.step(location, &last)?;
            last = next;
        }
        let (shape, at) = Part { shapes: self.shapes, image: &mut self.image, location }.container()?;
        let gone = match &shape.form {
            Form::List { .. } | Form::Ring { .. } | Form::Queue { .. } => {
                return sequence::remove(shape, &mut self.image, at, index_of(&last, shape)?);
            }
            Form::Slab(places) => slab::remove(places, &mut self.image, at, slab_key(&last)?)?,
            form => {
                let keys = type_of_keys(self.shapes, form)?;
                let keys = keys.ok_or_else(|| no_value(format!("nothing can be removed from a `{}`", shape.name)))?;
                let key = key_text::parse(self.shapes, keys, &last)?;
                match form {
                    Form::Sorted(_) => sorted::remove(self.shapes, shape, &mut self.image, at, &key)?,
                    _ => hashed::remove(self.shapes, shape, &mut self.image, at, &key)?,
                }
            }
        };
        if gone { Ok(()) } else { Err(no_path(format!("the `{}` has no such key", shape.name))) }
    }

    /// Empties a container, a text or a blob. Removes the value of a `Maybe` or an archive.
    ///
    /// # Errors
    /// [`InvalidPath`](ErrorKind::InvalidPath); [`InvalidValue`](ErrorKind::InvalidValue) for anything else.
    pub fn clear(&mut self, path: &str) -> Result<(), Error> {
        self.part_at(path).and_then(|mut part| part.clear()).within(path)
    }

    /// Where a path leads to, for a change.
    fn location(&self, path: &str) -> Result<Location, Error> {
        let (mut segments, mut location) = (Segments::of(path), self.shapes.root_location());
        while let Some(segment) = segments.next()? {
            location = self.step(location, &segment)?;
        }
        Ok(location)
    }

    fn step(&self, location: Location, segment: &Segment<'_>) -> Result<Location, Error> {
        resolve(self.shapes, location, segment, |step, from| {
            if let Form::Set(_) = self.shapes.get(from.shape).form {
                let why = "a value of a set does not change, because its place follows from it: remove it, and push another one";
                return Err(fault(ErrorKind::Unsupported, why));
            }
            run(self.shapes, self.image.source(), &step, from)
        })
    }
}

impl fmt::Debug for Edit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}
