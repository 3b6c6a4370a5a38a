//! Whether bytes are a value of a type: what `SharedLayout::validate` asks of the type, as far as the schema tells it.
//!
//! It does not check what only a program with the type can know: whether an archive is valid, and whether keys of a program's own
//! struct or enum are where its `Hash` or `Ord` puts them. The words of such containers are checked all the same.

use super::decode::{read_bool, read_char, read_text};
use super::find::{SetAt, SortedAt};
use super::keys::is_known;
use super::locate::NUMBER;
use super::shape::{Counted, Fields, Form, Run, SetShape, Shapes, SlabShape, SortedShape};
use super::source::Source;
use crate::error::Error;
use crate::layout::{Scalar, ValidityError};
use std::cmp::Ordering;

/// Checks the value of type `index` at `at`.
///
/// # Errors
/// Which part is wrong, and why.
pub(super) fn validate(shapes: &Shapes, index: usize, source: Source<'_>, at: usize) -> Result<(), ValidityError> {
    let shape = shapes.get(index);
    let check = Check { shapes, source, at };
    match &shape.form {
        Form::Scalar(Scalar::Bool) => read_bool(source, at).map(drop).map_err(to_invalid),
        Form::Scalar(Scalar::Char) => read_char(source, at).map(drop).map_err(to_invalid),
        Form::Struct(fields) => check.fields(fields),
        Form::Enum { tag, variants } => {
            let value = source.tag(at, *tag).map_err(to_invalid)?;
            match variants.iter().find(|variant| variant.value == value) {
                Some(variant) => check.fields(&variant.fields).map_err(|e| e.in_field(&variant.name)),
                None => Err(ValidityError::new(format!("{value} is no variant of `{}`", shape.name))),
            }
        }
        Form::Array { items } => check.items(*items, items.capacity),
        Form::List { items } => check.list(Counted { len: 0, items: *items }, "list").map(drop),
        Form::Text { bytes } => {
            check.len(0, bytes.capacity, "text")?;
            read_text(*bytes, source, at).map(drop).map_err(to_invalid)
        }
        Form::Blob { bytes } => check.len(0, bytes.capacity, "blob").map(drop),
        Form::Maybe { item, at: inside } => {
            let [flag] = source.array::<1>(at).map_err(to_invalid)?;
            if flag > 1 {
                return Err(ValidityError::new(format!(
                    "{flag} says neither that there is a value (1) nor that there is none (0)"
                )));
            }
            validate(shapes, *item, source, at + inside).map_err(|e| e.in_field("value"))
        }
        Form::Wrapper { item, at: inside } => validate(shapes, *item, source, at + inside),
        Form::Ring { start, len, items } => {
            let len = check.list(Counted { len: *len, items: *items }, "list").map_err(|e| e.in_field("list"))?;
            let start = check.number(*start)?;
            if start > 0 && (start >= items.capacity || len < items.capacity) {
                let why = format!("the oldest item at place {start} of {len} in a ring of capacity {}", items.capacity);
                return Err(ValidityError::new(why));
            }
            Ok(())
        }
        Form::Queue { start, count, items } => {
            check.items(*items, items.capacity).map_err(|e| e.in_field("slots"))?;
            let (start, count) = (check.number(*start)?, check.number(*count)?);
            if start >= items.capacity || count > items.capacity {
                let why = format!("{count} items from place {start} on in a queue of capacity {}", items.capacity);
                return Err(ValidityError::new(why));
            }
            Ok(())
        }
        Form::Slab(slab) => check.slab(slab),
        Form::Set(set) => check.set(set),
        Form::Map { set, values } => {
            check.set(set).map_err(|e| e.in_field("keys"))?;
            let count = check.list(*values, "list").map_err(|e| e.in_field("values"))?;
            let keys = check.number(set.keys.len)?;
            if keys == count { Ok(()) } else { Err(ValidityError::new(format!("{keys} keys and {count} values"))) }
        }
        Form::Sorted(map) => check.sorted(map),
        Form::Archived { bytes, .. } => check.len(bytes.len, bytes.items.capacity, "list").map(drop),
        Form::Scalar(_)
        | Form::NonZero(_)
        | Form::Key
        | Form::TimeSpan
        | Form::Timestamp
        | Form::IpAddress(_)
        | Form::SocketAddress { .. }
        | Form::Uuid
        | Form::Opaque => Ok(()),
    }
}

/// What a read says.
fn to_invalid(error: Error) -> ValidityError {
    ValidityError::new(error.to_string())
}

/// A value that is checked.
#[derive(Clone, Copy)]
struct Check<'a> {
    shapes: &'a Shapes,
    source: Source<'a>,
    at: usize,
}

impl Check<'_> {
    fn number(self, offset: usize) -> Result<usize, ValidityError> {
        self.source.u32(self.at + offset).map_err(to_invalid)
    }

    /// A length, which is at most the capacity.
    fn len(self, offset: usize, capacity: usize, what: &str) -> Result<usize, ValidityError> {
        let len = self.number(offset)?;
        if len > capacity {
            return Err(ValidityError::new(format!("a length of {len} in a {what} of capacity {capacity}")));
        }
        Ok(len)
    }

    fn fields(self, fields: &Fields) -> Result<(), ValidityError> {
        fields.all.iter().try_for_each(|field| {
            validate(self.shapes, field.shape, self.source, self.at + field.at).map_err(|e| e.in_field(&field.name))
        })
    }

    /// Whether some bytes are no value of the type.
    fn is_checked(self, index: usize) -> bool {
        match &self.shapes.get(index).form {
            Form::Scalar(scalar) => matches!(scalar, Scalar::Bool | Scalar::Char),
            Form::NonZero(_)
            | Form::Key
            | Form::TimeSpan
            | Form::Timestamp
            | Form::IpAddress(_)
            | Form::SocketAddress { .. }
            | Form::Uuid
            | Form::Opaque => false,
            Form::Array { items } => self.is_checked(items.item),
            Form::Wrapper { item, .. } => self.is_checked(*item),
            Form::Struct(fields) => fields.all.iter().any(|field| self.is_checked(field.shape)),
            _ => true,
        }
    }

    fn items(self, items: Run, count: usize) -> Result<(), ValidityError> {
        if !self.is_checked(items.item) {
            return Ok(());
        }
        (0..count).try_for_each(|index| {
            validate(self.shapes, items.item, self.source, self.at + items.offset(index)).map_err(|e| e.in_item(index))
        })
    }

    fn list(self, list: Counted, what: &str) -> Result<usize, ValidityError> {
        let len = self.len(list.len, list.items.capacity, what)?;
        self.items(list.items, len)?;
        Ok(len)
    }

    fn slab(self, slab: &SlabShape) -> Result<(), ValidityError> {
        let places = self.list(slab.places, "list").map_err(|e| e.in_field("places"))?;
        let values = self.list(slab.values, "list").map_err(|e| e.in_field("values"))?;
        let word = |place: usize, offset: usize| self.number(slab.places.items.offset(place) + offset);
        let mut taken = 0;
        for place in 0..places {
            taken += word(place, 0)? % 2;
        }
        let count = self.number(slab.count)?;
        if places != values || taken != count {
            let what = format!("{values} values for {places} places, {taken} taken of {count}, in a slab");
            return Err(ValidityError::new(what));
        }
        // If the free list ends after exactly as many steps as there are vacant places, it has no cycle.
        let mut next = self.number(slab.vacant)?;
        for _ in taken..places {
            match next.checked_sub(1).filter(|place| *place < places) {
                Some(place) if word(place, 0)?.is_multiple_of(2) => next = word(place, 4)?,
                _ => return Err(ValidityError::new(format!("{next} leads to no vacant place of a slab"))),
            }
        }
        if next != 0 {
            return Err(ValidityError::new(format!("{next} follows on the last vacant place of a slab")));
        }
        Ok(())
    }

    fn set(self, set: &SetShape) -> Result<(), ValidityError> {
        let len = self.list(set.keys, "list").map_err(|e| e.in_field("keys"))?;
        let table = SetAt { set: *set, source: self.source, at: self.at };
        let (buckets, seed) = (table.buckets(), table.seed().map_err(to_invalid)?);
        let known = is_known(self.shapes.get(self.shapes.settle(set.keys.items.item, 0).0));
        let word = |bucket| table.bucket(bucket).map_err(to_invalid);
        let mut empty = None;
        for bucket in 0..buckets {
            if word(bucket)? == 0 {
                empty = Some(bucket);
                break;
            }
        }
        let Some(empty) = empty else { return Err(ValidityError::new("no bucket of the index is empty")) };
        let (mut seen, mut run, mut found) = (vec![false; len], 0, 0);
        for step in 1..buckets {
            let bucket = (empty + step) % buckets;
            let content = word(bucket)?;
            if content == 0 {
                run = 0;
                continue;
            }
            let (tag, index) = ((content >> 32) as u32, (content as u32).wrapping_sub(1) as usize);
            let once = seen.get_mut(index).is_some_and(|seen| !std::mem::replace(seen, true));
            if !once || known && table.key(self.shapes, index).map_err(to_invalid)?.tag(seed) != tag {
                return Err(ValidityError::new(format!("bucket {bucket} of the index does not belong to a key")));
            }
            let home = table.home(tag);
            if (if home <= bucket { bucket - home } else { bucket + buckets - home }) > run {
                return Err(ValidityError::new(format!("bucket {bucket} of the index is where no search finds it")));
            }
            (run, found) = (run + 1, found + 1);
        }
        if found == len { Ok(()) } else { Err(ValidityError::new(format!("{found} of {len} keys are in the index"))) }
    }

    fn sorted(self, map: &SortedShape) -> Result<(), ValidityError> {
        let (words, used) = (self.number(map.leaves.len)?, self.number(map.used)?);
        let (most, capacity) = (map.most_leaves(), map.leaves.items.capacity);
        if words > most || used > words {
            return Err(ValidityError::new(format!("{used} leaves in use of {words}, and there are at most {most}")));
        }
        self.items(map.keys, map.keys.capacity).map_err(|e| e.in_field("keys"))?;
        self.items(map.values, map.values.capacity).map_err(|e| e.in_field("values"))?;
        let sorted = SortedAt { map: *map, source: self.source, at: self.at };
        let mut seen = vec![false; words];
        for position in 0..words {
            let word = map.word(self.source, self.at, position).map_err(to_invalid)?;
            let (number, len) = ((word & NUMBER) as usize, (word >> 24) as usize);
            let once = seen.get_mut(number).is_some_and(|seen| !std::mem::replace(seen, true));
            if !once {
                return Err(ValidityError::new(format!(
                    "word {position} of the leaves is not the number of one of them"
                )));
            }
            if position < used && used > 1 && !(1..=map.leaf).contains(&len) {
                return Err(ValidityError::new(format!("leaf {position} has {len} entries of at most {}", map.leaf)));
            }
        }
        let known = is_known(self.shapes.get(self.shapes.settle(map.keys.item, 0).0));
        let key = |slot| sorted.key(self.shapes, slot).map_err(to_invalid);
        let (mut before, mut entries) = (None, 0);
        for position in 0..used {
            let leaf = sorted.leaf(position, used).map_err(to_invalid)?;
            let unsorted = |what: String| ValidityError::new(format!("{what} is not larger than the one before it"));
            if known && position > 0 {
                let bound = key(map.bounds() + position)?;
                let first = key(leaf.start)?;
                if before.as_ref() >= Some(&bound) || bound.order(&first) == Ordering::Greater {
                    return Err(unsorted(format!("the bound of leaf {position}")));
                }
            }
            for slot in leaf.start..leaf.start + leaf.len {
                if known {
                    let key = key(slot)?;
                    if before.as_ref() >= Some(&key) {
                        return Err(unsorted(format!("key {entries}")));
                    }
                    before = Some(key);
                }
                entries += 1;
            }
        }
        let count = self.number(map.count)?;
        if entries != count || entries > capacity || used == 1 && entries == 0 {
            let why = format!("the leaves have {entries} entries, {count} are counted, and {capacity} fit");
            return Err(ValidityError::new(why));
        }
        Ok(())
    }
}
