//! mmap-sync: two images of an archive, written whole by one writer. Its read is `unsafe`, and here the unchecked one.

use super::Peer;
use super::store::{Store, by_hand};
use crate::counter_list::{Read, Write, sum};
use anyhow::Result;
use bytecheck::CheckBytes;
use mmap_sync::synchronizer::Synchronizer;
use rkyv::{Archive, Serialize};
use std::path::Path;
use std::time::Duration;

/// The capacity of the items is that of the list.
#[derive(Archive, Serialize)]
#[archive_attr(derive(CheckBytes))]
pub struct Entity {
    counter: u64,
    items: Vec<u64>,
}

struct MmapSync {
    map: Synchronizer,
    bytes: usize,
    /// What the writer writes next.
    entity: Option<Entity>,
}

pub fn open(dir: &Path, bytes: usize, create: bool) -> Result<Box<dyn Peer>> {
    let map = Synchronizer::new(dir.join("mmap-sync").as_os_str());
    let entity = create.then(|| Entity { counter: 0, items: vec![1; bytes / 8] });
    let mut this = MmapSync { map, bytes, entity };
    if create {
        this.update(|_| ())?;
    }
    Ok(Box::new(this))
}

impl MmapSync {
    fn entity(&mut self) -> Result<Entity> {
        if let Some(entity) = self.entity.take() {
            return Ok(entity);
        }
        let mut items = Vec::with_capacity(self.bytes / 8);
        let counter = self.read(|s| {
            items.extend_from_slice(&s.items);
            s.counter
        })?;
        Ok(Entity { counter, items })
    }
}

impl Store for MmapSync {
    type View = ArchivedEntity;
    type Edit = Entity;

    #[inline]
    fn read<R>(&mut self, mut f: impl FnMut(&ArchivedEntity) -> R) -> Result<R> {
        // SAFETY: none that could be given; whether a process writes the image meanwhile is what torn reads are counted for.
        let seen = unsafe { self.map.read::<Entity>(false) }?;
        Ok(f(&seen))
    }
    #[inline]
    fn update(&mut self, f: impl FnOnce(&mut Entity)) -> Result<()> {
        let mut entity = self.entity()?;
        f(&mut entity);
        self.map.write(&entity, Duration::from_secs(1))?;
        self.entity = Some(entity);
        Ok(())
    }
    #[inline]
    fn roll_back(&mut self, at: usize, value: u64) -> Result<()> {
        let mut entity = self.entity()?;
        by_hand(&mut entity, at, value);
        self.entity = Some(entity);
        Ok(())
    }
}

impl Read for ArchivedEntity {
    #[inline]
    fn counter(&self) -> u64 {
        self.counter
    }
    #[inline]
    fn len(&self) -> usize {
        self.items.len()
    }
    #[inline]
    fn get(&self, at: usize) -> u64 {
        self.items[at]
    }
    #[inline]
    fn sum(&self) -> u64 {
        sum(&self.items)
    }
    fn to_vec(&self) -> Vec<u64> {
        self.items.to_vec()
    }
}

impl Read for Entity {
    fn counter(&self) -> u64 {
        self.counter
    }
    fn len(&self) -> usize {
        self.items.len()
    }
    fn get(&self, at: usize) -> u64 {
        self.items[at]
    }
    fn sum(&self) -> u64 {
        sum(&self.items)
    }
    fn to_vec(&self) -> Vec<u64> {
        self.items.clone()
    }
}

impl Write for Entity {
    fn set_counter(&mut self, value: u64) {
        self.counter = value;
    }
    fn add(&mut self, at: usize, by: u64) {
        self.items[at] = self.items[at].wrapping_add(by);
    }
    fn set(&mut self, at: usize, value: u64) {
        self.items[at] = value;
    }
    fn push(&mut self, value: u64) {
        self.items.push(value);
    }
    fn pop(&mut self) {
        self.items.pop();
    }
    fn clear(&mut self) {
        self.items.clear();
    }
    fn is_full(&self) -> bool {
        self.items.len() == self.items.capacity()
    }
    fn insert_front(&mut self, value: u64) {
        self.items.insert(0, value);
    }
}
