//! Sorted maps: entries fill one leaf after the other, in the order of their keys.

use super::conversion::Conversion;
use super::hashed::{Entry, Rule};
use super::path::Trail;
use crate::dynamic::keys::Key;
use crate::dynamic::shape::SortedShape;
use crate::error::Error;
use crate::layout::matching::Part;

impl Conversion<'_> {
    /// Fills a new sorted map of zeroes. Where the program's own code has to order the entries, they are in the old order.
    pub(super) fn sorted(
        &mut self,
        trail: Trail<'_>,
        map: &SortedShape,
        (key, value): (Part, Option<Part>),
        rule: Rule,
        entries: &[Entry],
        to: usize,
    ) -> Result<(), Error> {
        let ordered;
        let entries = if rule == Rule::Known {
            ordered = self.ordered(trail, map, key, entries, to)?;
            &*ordered
        } else {
            entries
        };
        let used = entries.len().div_ceil(map.leaf);
        for (number, leaf) in entries.chunks(map.leaf).enumerate() {
            let start = number * map.leaf;
            for (index, entry) in leaf.iter().enumerate() {
                let slot = start + index;
                self.key(trail, key, entry.key, (map.keys.item, to + map.keys.offset(slot)))?;
                if let Some(value) = value {
                    let target = to + map.values.offset(slot);
                    self.fresh(map.values.item, target)?;
                    self.part(trail.item(), value, entry.value, target)?;
                }
            }
            let word = number as u32 | (leaf.len() as u32) << 24;
            self.image.put_u32(to + map.leaves.items.offset(number), word as usize)?;
            let first = to + map.keys.offset(start);
            self.image.carry(first..first + map.keys.size, to + map.keys.offset(map.bounds() + number))?;
        }
        for (number, at) in [(entries.len(), map.count), (used, map.used), (used, map.leaves.len)] {
            self.image.put_u32(to + at, number)?;
        }
        Ok(())
    }

    /// The entries by their new keys; one of those whose keys are the same now.
    fn ordered(
        &mut self,
        trail: Trail<'_>,
        map: &SortedShape,
        key: Part,
        entries: &[Entry],
        to: usize,
    ) -> Result<Vec<Entry>, Error> {
        let mut keyed: Vec<(Key<'static>, Entry)> = Vec::with_capacity(entries.len());
        for entry in entries {
            // The first slot, which is filled later, is where a key is looked at.
            self.key(trail, key, entry.key, (map.keys.item, to + map.keys.offset(0)))?;
            let target = to + map.keys.offset(0);
            let key = Key::read(self.new, map.keys.item, self.image.source(), target)?.into_owned();
            keyed.push((key, *entry));
        }
        keyed.sort_by(|(a, _), (b, _)| a.order(b));
        let count = keyed.len();
        keyed.dedup_by(|(a, _), (b, _)| a == b);
        self.losses.add(&trail, count - keyed.len(), || "two keys are the same now".into());
        Ok(keyed.into_iter().map(|(_, entry)| entry).collect())
    }
}
