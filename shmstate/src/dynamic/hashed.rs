//! Changes of maps and sets whose keys are found by their hash: the same steps as those of the type.

use super::data::Data;
use super::find::SetAt;
use super::image::Image;
use super::keys::Key;
use super::locate::live;
use super::shape::{Counted, Form, SetShape, Shape, Shapes};
use super::write;
use crate::error::Error;
use std::hash::{BuildHasher, RandomState};

/// A set, or a map, which has a list of values at the same indices.
#[derive(Clone, Copy)]
struct Table {
    set: SetShape,
    values: Option<Counted>,
}

impl Table {
    fn of(shape: &Shape) -> Result<Table, Error> {
        match shape.form {
            Form::Set(set) => Ok(Table { set, values: None }),
            Form::Map { set, values } => Ok(Table { set, values: Some(values) }),
            _ => Err(super::fault::no_value(format!("a `{}` has no keys", shape.name))),
        }
    }

    fn at<'a>(self, image: &'a Image<'_>, at: usize) -> SetAt<'a> {
        SetAt { set: self.set, source: image.source(), at }
    }

    /// The word of a bucket.
    const fn word(tag: u32, index: usize) -> u64 {
        (tag as u64) << 32 | (index as u64 + 1)
    }
}

/// Inserts an entry, or gives one that is there another value; whether it was there.
pub(super) fn insert(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    key: &Data,
    value: Option<&Data>,
) -> Result<bool, Error> {
    Table::of(shape)?.at(image, at).check_derived(shapes)?;
    fill(shapes, shape, image, at, key, value)
}

/// [`insert`] into a map or set of this process's own making.
pub(super) fn fill(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    key: &Data,
    value: Option<&Data>,
) -> Result<bool, Error> {
    let table = Table::of(shape)?;
    let (key_bytes, key) = write::key(shapes, table.set.keys.items.item, key)?;
    let value = match (table.values, value) {
        (Some(values), Some(value)) => Some((values, write::bytes(shapes, values.items.item, value)?)),
        _ => None,
    };
    let len = table.at(image, at).len()?;
    if let Some(index) = table.at(image, at).find(shapes, &key)? {
        if let Some((values, bytes)) = &value {
            image.put(at + values.items.offset(index), bytes)?;
        }
        return Ok(true);
    }
    write::has_room(shape, table.set.keys, len)?;
    if let Some((values, _)) = &value {
        write::has_room(shape, *values, live(*values, image.source(), at)?)?;
    }
    if len == 0 && table.at(image, at).seed()? == [0, 0] {
        // Unknown beforehand, so that which keys collide is.
        let random = RandomState::new();
        image.put_u64(at + table.set.seed, random.hash_one(1))?;
        image.put_u64(at + table.set.seed + 8, random.hash_one(2))?;
    }
    let tag = key.tag(table.at(image, at).seed()?);
    let empty = first(table.at(image, at), tag, |word| word == 0)?;
    let empty = empty.ok_or_else(|| super::fault::damaged("no bucket of the index is empty"))?;
    let bucket = table.at(image, at).bucket_at(empty);
    image.put_u64(bucket, Table::word(tag, len))?;
    image.put(at + table.set.keys.items.offset(len), &key_bytes)?;
    image.put_u32(at + table.set.keys.len, len + 1)?;
    if let Some((values, bytes)) = &value {
        image.put(at + values.items.offset(len), bytes)?;
        image.put_u32(at + values.len, len + 1)?;
    }
    Ok(false)
}

/// The first bucket, from the tag's home on, that is `sought`.
fn first(table: SetAt<'_>, tag: u32, sought: impl Fn(u64) -> bool) -> Result<Option<usize>, Error> {
    let mut bucket = table.home(tag);
    for _ in 0..table.buckets() {
        if sought(table.bucket(bucket)?) {
            return Ok(Some(bucket));
        }
        bucket = table.next(bucket);
    }
    Ok(None)
}

/// Removes an entry; whether it was there.
pub(super) fn remove(
    shapes: &Shapes,
    shape: &Shape,
    image: &mut Image<'_>,
    at: usize,
    key: &Key<'_>,
) -> Result<bool, Error> {
    let table = Table::of(shape)?;
    let Some(index) = table.at(image, at).find_anyhow(shapes, key)? else { return Ok(false) };
    // By the index in the buckets, not by hashes, which may be the program's own.
    let last = table.at(image, at).len()? - 1;
    if let Some(bucket) = table.at(image, at).bucket_of(index)? {
        empty_bucket(table, image, at, bucket)?;
    }
    if index != last
        && let Some(bucket) = table.at(image, at).bucket_of(last)?
    {
        let tag = (table.at(image, at).bucket(bucket)? >> 32) as u32;
        let bucket = table.at(image, at).bucket_at(bucket);
        image.put_u64(bucket, Table::word(tag, index))?;
    }
    for counted in [Some(table.set.keys), table.values].into_iter().flatten() {
        let items = counted.items;
        if index != last {
            let from = at + items.offset(last);
            image.carry(from..from + items.size, at + items.offset(index))?;
        }
        image.put_u32(at + counted.len, last)?;
    }
    Ok(true)
}

/// Empties a bucket, and moves those after it back that may.
fn empty_bucket(table: Table, image: &mut Image<'_>, at: usize, mut gap: usize) -> Result<(), Error> {
    let buckets = table.at(image, at).buckets();
    let steps = |from: usize, to: usize| if from <= to { to - from } else { to + buckets - from };
    let mut bucket = gap;
    for _ in 1..buckets {
        bucket = table.at(image, at).next(bucket);
        let word = table.at(image, at).bucket(bucket)?;
        if word == 0 {
            break;
        }
        let home = table.at(image, at).home((word >> 32) as u32);
        if steps(home, bucket) >= steps(gap, bucket) {
            let to = table.at(image, at).bucket_at(gap);
            image.put_u64(to, word)?;
            gap = bucket;
        }
    }
    let gap = table.at(image, at).bucket_at(gap);
    image.put_u64(gap, 0)
}

/// Removes all entries.
pub(super) fn clear(shape: &Shape, image: &mut Image<'_>, at: usize) -> Result<(), Error> {
    let table = Table::of(shape)?;
    for bucket in 0..table.at(image, at).buckets() {
        if table.at(image, at).bucket(bucket)? != 0 {
            let bucket = table.at(image, at).bucket_at(bucket);
            image.put_u64(bucket, 0)?;
        }
    }
    image.put_u32(at + table.set.keys.len, 0)?;
    match table.values {
        Some(values) => image.put_u32(at + values.len, 0),
        None => Ok(()),
    }
}
