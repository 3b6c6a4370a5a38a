//! Region files in the making: right where it takes checksums and contradictions to be right, free elsewhere.

use super::types::Mixed;
use crate::{Rng, scratch_dir};
use shmstate::State;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use xxhash_rust::xxh3::xxh3_64;

/// The bytes of a region's file.
#[derive(Clone)]
pub struct Sketch {
    /// All of them.
    pub bytes: Vec<u8>,
}

impl Sketch {
    /// A sound region of [`Mixed`] with some history; the same in every process but for what is random in its identity.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn sound(copies: usize, slots: usize) -> Sketch {
        static MADE: Mutex<BTreeMap<(usize, usize), Sketch>> = Mutex::new(BTreeMap::new());
        let mut made = MADE.lock().expect("no thread panics with it");
        made.entry((copies, slots)).or_insert_with(|| Self::make(copies, slots)).clone()
    }

    fn make(copies: usize, slots: usize) -> Sketch {
        let dir = scratch_dir();
        let path = dir.path().join("sound");
        let state = State::<Mixed>::options().copies(copies).handles(slots).create(&path).expect("a region");
        for seed in 0..30 {
            state.update(|s| s.operate(&mut Rng::new(seed))).expect("an update");
        }
        drop(state);
        Sketch { bytes: fs::read(&path).expect("its file") }
    }

    /// A word of the identity.
    #[must_use]
    pub fn word(&self, at: usize) -> usize {
        self.bytes[at..at + 8].try_into().map_or(0, u64::from_ne_bytes) as usize
    }

    /// Sets a word of the identity.
    pub fn set(&mut self, at: usize, value: u64) {
        self.bytes[at..at + 8].copy_from_slice(&value.to_ne_bytes());
    }

    /// Lays these bytes over what comes after the identity, but for the schema.
    pub fn overwrite(&mut self, content: &[u8]) {
        let schema = self.word(152)..self.word(152) + self.word(104);
        let places = (256..self.bytes.len()).filter(|at| !schema.contains(at));
        for (at, byte) in places.zip(content) {
            self.bytes[at] = *byte;
        }
    }

    /// The bytes, with the right checksums over schema and identity.
    #[must_use]
    pub fn sealed(mut self) -> Vec<u8> {
        let (at, len) = (self.word(152), self.word(104));
        let sum = self.bytes.get(at..at.saturating_add(len)).map_or(0, xxh3_64);
        self.set(112, sum);
        let sum = xxh3_64(&self.bytes[24..256]);
        self.set(16, sum);
        self.bytes
    }
}
