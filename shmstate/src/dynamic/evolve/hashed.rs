//! Maps and sets, old and new; and where the entries of those lie that are found by a hash.

use super::conversion::{Conversion, changed};
use super::path::Trail;
use crate::dynamic::fault::fault;
use crate::dynamic::find::{SetAt, SortedAt};
use crate::dynamic::keys::{Key, is_known, unknown};
use crate::dynamic::locate::live;
use crate::dynamic::shape::{Counted, Form, SetShape};
use crate::error::{Error, ErrorKind};
use crate::layout::matching::{Pair, Part, Step};
use std::hash::{BuildHasher, RandomState};

/// An entry of the old state: where its key and its value lie, and by which tag its key was found.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: usize,
    pub(super) value: usize,
    tag: Option<u32>,
}

/// How the bucket of an entry is found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The library knows how keys of the type are hashed and ordered.
    Known,
    /// By the program's own code.
    Program,
    /// Keys are what they were: the old bucket tells.
    Unchanged,
}

impl Conversion<'_> {
    /// A map or a set.
    pub(super) fn entries(
        &mut self,
        trail: Trail<'_>,
        pair: &Pair,
        key: Part,
        value: Option<Part>,
        from: usize,
        to: usize,
    ) -> Result<(), Error> {
        let news = self.new;
        let form = &news.get(pair.new).form;
        let (keys, capacity) = match form {
            Form::Set(set) | Form::Map { set, .. } => (set.keys.items, set.keys.items.capacity),
            Form::Sorted(map) => (map.keys, map.leaves.items.capacity),
            _ => return Err(changed()),
        };
        let rule = self.rule(pair, key, keys.item)?;
        // A new state may begin with entries of its own.
        self.zero(to, news.get(pair.new).size)?;
        let mut entries = self.old_entries(pair, from, rule == Rule::Unchanged)?;
        self.drop_lost_keys(trail, key, &mut entries, (keys.item, to + keys.offset(0)))?;
        let count = entries.len();
        self.losses.add(&trail, usize::from(count > capacity), || {
            format!("{count} entries, and the program has room for {capacity}")
        });
        entries.truncate(capacity);
        match form {
            Form::Sorted(map) => self.sorted(trail, map, (key, value), rule, &entries, to)?,
            Form::Set(set) => {
                self.seed(*set, rule, pair, from, to)?;
                self.hashed(trail, (*set, None), (key, None), rule, &entries, to)?;
            }
            Form::Map { set, values } => {
                self.seed(*set, rule, pair, from, to)?;
                self.hashed(trail, (*set, Some(*values)), (key, value), rule, &entries, to)?;
            }
            _ => return Err(changed()),
        }
        if rule == Rule::Program { self.call_rebuild(trail, pair.new, to) } else { Ok(()) }
    }

    /// Drops the entries whose keys do not go along whole: a part of a key is another key, perhaps that of another entry.
    /// `scratch` is the type of a new key, and the offset of zeroes for one.
    fn drop_lost_keys(
        &mut self,
        trail: Trail<'_>,
        key: Part,
        entries: &mut Vec<Entry>,
        scratch: (usize, usize),
    ) -> Result<(), Error> {
        if matches!(self.plan.get(key.step).step, Step::Same(_) | Step::Number { .. }) {
            return Ok(());
        }
        let mut kept = Vec::with_capacity(entries.len());
        for entry in &*entries {
            if self.is_whole(trail, key, entry.key, scratch)? {
                kept.push(*entry);
            }
        }
        *entries = kept;
        self.zero(scratch.1, self.new.get(scratch.0).size)
    }

    /// How entries are arranged in the new container.
    fn rule(&self, pair: &Pair, key: Part, key_ty: usize) -> Result<Rule, Error> {
        let shape = self.new.get(self.new.settle(key_ty, 0).0);
        if is_known(shape) {
            return Ok(Rule::Known);
        }
        if self.origins.hooks(pair.new).rebuild.is_some() {
            return Ok(Rule::Program);
        }
        let is_sorted = |form: &Form| matches!(form, Form::Sorted(_));
        let alike = is_sorted(&self.old.get(pair.old).form) == is_sorted(&self.new.get(pair.new).form);
        let unchanged = matches!(self.plan.get(key.step).step, Step::Same(_));
        if alike && unchanged { Ok(Rule::Unchanged) } else { Err(unknown(shape)) }
    }

    /// The entries of the old container, in its order; with the tags of their keys if they are needed.
    fn old_entries(&self, pair: &Pair, from: usize, tags: bool) -> Result<Vec<Entry>, Error> {
        let (set, values) = match self.old.get(pair.old).form {
            Form::Set(set) => (set, None),
            Form::Map { set, values } => (set, Some(values)),
            Form::Sorted(map) => {
                let sorted = SortedAt { map, source: self.source, at: from };
                let (used, mut entries) = (sorted.used()?, Vec::new());
                for position in 0..used {
                    let leaf = sorted.leaf(position, used)?;
                    entries.extend((leaf.start..leaf.start + leaf.len).map(|slot| Entry {
                        key: from + map.keys.offset(slot),
                        value: from + map.values.offset(slot),
                        tag: None,
                    }));
                }
                return Ok(entries);
            }
            _ => return Err(changed()),
        };
        let len = live(set.keys, self.source, from)?;
        let len = match values {
            Some(values) => len.min(live(values, self.source, from)?),
            None => len,
        };
        let entry = |index| Entry {
            key: from + set.keys.items.offset(index),
            value: values.map_or(0, |values| from + values.items.offset(index)),
            tag: None,
        };
        let mut entries: Vec<Entry> = (0..len).map(entry).collect();
        if tags {
            let table = SetAt { set, source: self.source, at: from };
            for bucket in 0..table.buckets() {
                let word = table.bucket(bucket)?;
                if let Some(entry) = entries.get_mut((word as u32).wrapping_sub(1) as usize) {
                    entry.tag = Some((word >> 32) as u32);
                }
            }
        }
        Ok(entries)
    }

    /// Fills a new set, or map, of zeroes.
    fn hashed(
        &mut self,
        trail: Trail<'_>,
        (set, values): (SetShape, Option<Counted>),
        (key, value): (Part, Option<Part>),
        rule: Rule,
        entries: &[Entry],
        to: usize,
    ) -> Result<(), Error> {
        let mut len = 0;
        for entry in entries {
            self.key(trail, key, entry.key, (set.keys.items.item, to + set.keys.items.offset(len)))?;
            if rule != Rule::Program && !self.index(set, rule, entry, len, to)? {
                self.losses.add(&trail, 1, || "two keys are the same now".into());
                continue;
            }
            if let (Some(values), Some(value)) = (values, value) {
                let target = to + values.items.offset(len);
                self.fresh(values.items.item, target)?;
                self.part(trail.item(), value, entry.value, target)?;
            }
            len += 1;
            // A search looks at no more keys than there are.
            self.image.put_u32(to + set.keys.len, len)?;
        }
        match values {
            Some(values) => self.image.put_u32(to + values.len, len),
            None => Ok(()),
        }
    }

    /// What keys are hashed under: as before if the tags are kept; else unknown beforehand, so that which keys collide is.
    fn seed(&mut self, set: SetShape, rule: Rule, pair: &Pair, from: usize, to: usize) -> Result<(), Error> {
        let seed = match (rule, &self.old.get(pair.old).form) {
            (Rule::Unchanged, Form::Set(set) | Form::Map { set, .. }) => {
                SetAt { set: *set, source: self.source, at: from }.seed()?
            }
            _ => {
                let random = RandomState::new();
                [random.hash_one(1), random.hash_one(2)]
            }
        };
        self.image.put_u64(to + set.seed, seed[0])?;
        self.image.put_u64(to + set.seed + 8, seed[1])
    }

    /// Puts the key at `len` into the index of the new set. Returns whether it was not there.
    fn index(&mut self, set: SetShape, rule: Rule, entry: &Entry, len: usize, to: usize) -> Result<bool, Error> {
        let table = SetAt { set, source: self.image.source(), at: to };
        let tag = if rule == Rule::Known {
            let target = to + set.keys.items.offset(len);
            let key = Key::read(self.new, set.keys.items.item, table.source, target)?;
            if table.find(self.new, &key)?.is_some() {
                return Ok(false);
            }
            key.tag(table.seed()?)
        } else {
            let lost = || fault(ErrorKind::Corrupt, "a key is not in the index of its map");
            entry.tag.ok_or_else(lost)?
        };
        let mut bucket = table.home(tag);
        for _ in 0..table.buckets() {
            if table.bucket(bucket)? == 0 {
                let target = table.bucket_at(bucket);
                self.image.put_u64(target, u64::from(tag) << 32 | (len as u64 + 1))?;
                return Ok(true);
            }
            bucket = table.next(bucket);
        }
        Err(changed())
    }
}
