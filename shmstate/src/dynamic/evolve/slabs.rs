//! Slabs: each value stays at its index, so that its key still leads to it.

use super::conversion::{Conversion, changed};
use super::path::Trail;
use crate::dynamic::locate::{generation_of, live};
use crate::dynamic::shape::Form;
use crate::error::Error;
use crate::layout::matching::{Pair, Part};

impl Conversion<'_> {
    pub(super) fn slab(
        &mut self,
        trail: Trail<'_>,
        pair: &Pair,
        value: Part,
        from: usize,
        to: usize,
    ) -> Result<(), Error> {
        let (Form::Slab(old), Form::Slab(new)) = (&self.old.get(pair.old).form, &self.new.get(pair.new).form) else {
            return Err(changed());
        };
        let capacity = new.values.items.capacity;
        let places = live(old.places, self.source, from)?.min(live(old.values, self.source, from)?);
        let (kept, mut count, mut vacant) = (places.min(capacity), 0, 0);
        // From the last place to the first, so that the vacant ones are filled from the first on.
        for place in (0..places).rev() {
            let generation = generation_of(old, self.source, from, place)?.unwrap_or(0);
            let is_taken = generation % 2 == 1;
            if place >= kept {
                let why = || format!("a value at index {place}, and the program has room for {capacity}");
                self.losses.add(&trail, usize::from(is_taken), why);
                continue;
            }
            let (word, at) = (to + new.places.items.offset(place), to + new.values.items.offset(place));
            self.image.put_u32(word, generation as usize)?;
            self.image.put_u32(word + 4, if is_taken { 0 } else { vacant })?;
            self.fresh(new.values.items.item, at)?;
            if is_taken {
                count += 1;
                self.part(trail.item(), value, from + old.values.items.offset(place), at)?;
            } else {
                vacant = place + 1;
            }
        }
        for (number, at) in [(count, new.count), (vacant, new.vacant), (kept, new.places.len), (kept, new.values.len)] {
            self.image.put_u32(to + at, number)?;
        }
        Ok(())
    }
}
