//! States to be harmed.

use crate::{Mood, Rng};
use shmstate::{List, SharedLayout, Text};
use std::hint::black_box;

/// Integers only: any bytes are a value.
#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
pub struct Plain {
    /// Plain numbers.
    pub table: [u64; 6],
    /// On the first page.
    pub flat: List<u64, 40>,
    /// Lists in a list.
    pub nested: List<List<u16, 7>, 9>,
    /// Over several pages.
    pub wide: List<u64, 1600>,
    /// Lists in lists in a list.
    pub deep: List<List<List<u32, 3>, 3>, 3>,
}

/// Everything that has bytes that are no value, too.
#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
pub struct Mixed {
    /// Numbers and lists.
    pub plain: Plain,
    /// 0 or 1.
    pub flags: [bool; 4],
    /// No surrogates.
    pub letter: char,
    /// UTF-8.
    pub text: Text<21>,
    /// Texts, of which those after the length may be anything.
    pub texts: List<Text<8>, 5>,
    /// Three of 256.
    pub moods: List<Mood, 8>,
    /// Its fields hang on what it is.
    pub event: Event,
    /// The same, in a list.
    pub events: List<Event, 5>,
}

/// What has bytes that are no value in some of its variants.
#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C, u64)]
#[allow(missing_docs)]
pub enum Event {
    Quiet,
    Say(Text<9>),
    Moods { many: List<Mood, 5>, on: bool },
    Number(u64) = 1 << 20,
}

impl Event {
    fn any(rng: &mut Rng) -> Self {
        match rng.below(4) {
            0 => Event::Quiet,
            1 => Event::Say(Text::try_from("größer").unwrap_or_default()),
            2 => Event::Moods { many: List::from([Mood::Merry]), on: true },
            _ => Event::Number(rng.any()),
        }
    }
}

/// Looks at everything.
pub fn inspect(s: &Plain) {
    let sum = |items: &[u64]| items.iter().fold(0u64, |sum, item| sum.wrapping_add(*item));
    black_box(sum(&s.table) ^ sum(&s.flat) ^ sum(&s.wide));
    for row in &s.nested {
        black_box(row.iter().fold(row.len() as u64, |sum, item| sum.wrapping_add(u64::from(*item))));
    }
    for cell in s.deep.iter().flatten() {
        black_box(cell.iter().fold(cell.remaining(), |sum, item| sum.wrapping_add(*item as usize)));
    }
}

/// Does a few things of all kinds, with no index of its own that a length could make wrong.
pub fn operate(s: &mut Plain, rng: &mut Rng) {
    for _ in 0..1 + rng.below(6) {
        let n = rng.any();
        s.table[rng.below(6)] = n;
        match rng.below(16) {
            0 => {
                if s.flat.push(n).is_err() {
                    s.flat.clear();
                }
            }
            1 => s.wide.iter_mut().for_each(|item| *item ^= n),
            2 => _ = s.wide.resize(rng.below(1601), n),
            3 => {
                for _ in 0..40 {
                    if let Some(item) = s.wide.get_mut(rng.below(1600)) {
                        *item = n;
                    }
                }
            }
            4 => {
                if s.nested.push(List::from([n as u16, 1, 2])).is_err() {
                    s.nested.truncate(rng.below(9));
                }
            }
            5 => {
                if let Some(row) = s.nested.get_mut(rng.below(9)) {
                    _ = row.push(n as u16);
                }
            }
            6 => s.flat.retain(|item| item % 3 != 0),
            7 => s.nested.retain_mut(|row| row.pop().is_some()),
            8 => s.wide.dedup(),
            9 => s.flat.reverse(),
            10 => {
                let mut clone = s.nested.clone();
                std::mem::swap(&mut s.nested, &mut clone);
            }
            11 => _ = s.flat.extend_from_slice(&[n; 5]),
            12 => {
                if s.deep.push(List::from([List::from([n as u32])])).is_err() {
                    _ = s.deep.pop();
                }
            }
            13 => {
                for cell in s.deep.iter_mut().flatten() {
                    _ = cell.push(n as u32);
                }
            }
            14 => s.flat.fill(n),
            _ => {
                if let (Some(a), Some(b)) = (s.nested.pop(), s.nested.pop()) {
                    _ = s.nested.push(a);
                    _ = s.nested.push(b);
                }
            }
        }
    }
}

impl Mixed {
    /// As [`operate`], with the rest.
    pub fn operate(&mut self, rng: &mut Rng) {
        operate(&mut self.plain, rng);
        let n = rng.any();
        self.flags[rng.below(4)] ^= true;
        self.letter = char::from_u32(n as u32 % 0xd800).unwrap_or('x');
        if self.text.push(self.letter).is_err() {
            self.text.clear();
        }
        if self.texts.push(Text::try_from("tëxt").unwrap_or_default()).is_err() {
            self.texts.retain_mut(|text| text.pop().is_some());
        }
        if self.moods.push(Mood::Merry).is_err() {
            self.moods.clear();
        }
        match &mut self.event {
            Event::Moods { many, on } if rng.below(2) == 0 => {
                *on ^= true;
                _ = many.push(Mood::Merry);
            }
            event => *event = Event::any(rng),
        }
        if self.events.push(Event::any(rng)).is_err() {
            self.events.swap(0, rng.below(5));
            std::mem::swap(&mut self.events[0], &mut self.event);
            self.events.truncate(rng.below(5));
        }
    }
}
