//! Changes of slabs: the same steps as those of the type.

use super::data::Data;
use super::fault::full;
use super::image::Image;
use super::locate::{generation_of, in_slab, key_bits, live};
use super::shape::{Shape, Shapes, SlabShape};
use super::write;
use crate::error::Error;

/// Puts a value in; its key.
pub(super) fn insert(
    shapes: &Shapes,
    shape: &Shape,
    slab: &SlabShape,
    image: &mut Image<'_>,
    at: usize,
    value: &Data,
) -> Result<u64, Error> {
    let bytes = write::bytes(shapes, slab.values.items.item, value)?;
    let source = image.source();
    let capacity = slab.values.items.capacity;
    let (places, count) = (live(slab.places, source, at)?, source.u32(at + slab.count)?.min(capacity));
    let vacant = source.u32(at + slab.vacant)?.checked_sub(1);
    let vacant = match vacant {
        Some(place) => generation_of(slab, source, at, place)?.filter(|g| g % 2 == 0).map(|g| (place, g)),
        None => None,
    };
    let (place, generation) = match vacant {
        Some((place, generation)) => {
            let next = source.u32(at + slab.places.items.offset(place) + 4)?;
            image.put_u32(at + slab.vacant, next)?;
            (place, generation.wrapping_add(1))
        }
        None if places < capacity => {
            image.put_u32(at + slab.places.len, places + 1)?;
            image.put_u32(at + slab.values.len, places + 1)?;
            (places, 1)
        }
        None => return Err(full(&shape.name, capacity, places + 1)),
    };
    put_place(slab, image, at, place, generation, 0)?;
    image.put(at + slab.values.items.offset(place), &bytes)?;
    image.put_u32(at + slab.count, (count + 1).min(capacity))?;
    Ok(key_bits(place, generation))
}

fn put_place(
    slab: &SlabShape,
    image: &mut Image<'_>,
    at: usize,
    place: usize,
    generation: u32,
    next: usize,
) -> Result<(), Error> {
    let word = at + slab.places.items.offset(place);
    image.put_u32(word, generation as usize)?;
    image.put_u32(word + 4, next)
}

/// Removes the value of a key; whether it was there.
pub(super) fn remove(slab: &SlabShape, image: &mut Image<'_>, at: usize, bits: u64) -> Result<bool, Error> {
    if in_slab(slab, image.source(), at, bits)?.is_none() {
        return Ok(false);
    }
    let (place, generation) = (bits as u32 as usize, (bits >> 32) as u32);
    let (vacant, count) = (image.source().u32(at + slab.vacant)?, image.source().u32(at + slab.count)?);
    put_place(slab, image, at, place, generation.wrapping_add(1), vacant)?;
    image.put_u32(at + slab.vacant, place + 1)?;
    image.put_u32(at + slab.count, count.saturating_sub(1))?;
    Ok(true)
}

/// Removes all values; their keys lead nowhere from then on.
pub(super) fn clear(slab: &SlabShape, image: &mut Image<'_>, at: usize) -> Result<(), Error> {
    let places = live(slab.places, image.source(), at)?;
    for place in 0..places {
        if let Some(generation) = generation_of(slab, image.source(), at, place)? {
            remove(slab, image, at, key_bits(place, generation))?;
        }
    }
    Ok(())
}

/// Adds place number `place` to a new slab, with a value if its generation is odd.
pub(super) fn push_place(
    shapes: &Shapes,
    slab: &SlabShape,
    image: &mut Image<'_>,
    at: usize,
    place: usize,
    generation: u32,
    value: &Data,
) -> Result<(), Error> {
    let (source, vacant) = (image.source(), generation.is_multiple_of(2));
    let (next, count) = (source.u32(at + slab.vacant)?, source.u32(at + slab.count)?);
    if vacant {
        put_place(slab, image, at, place, generation, next)?;
        image.put_u32(at + slab.vacant, place + 1)?;
    } else {
        put_place(slab, image, at, place, generation, 0)?;
        write::write(shapes, slab.values.items.item, image, at + slab.values.items.offset(place), value)?;
        image.put_u32(at + slab.count, count + 1)?;
    }
    image.put_u32(at + slab.places.len, place + 1)?;
    image.put_u32(at + slab.values.len, place + 1)
}
