//! A state whose content its version decides, so that any version can be compared with what it has to be.

use super::rng::Rng;
use shmstate::{Array, List, SharedLayout};
use std::mem::offset_of;

/// Items of the array.
const CELLS: usize = 3000;

/// Most items of the list.
const LIST: usize = 1500;

/// Bytes of a container's head.
const HEAD: usize = 64;

#[derive(SharedLayout)]
#[repr(C)]
pub(super) struct Fixture {
    version: u64,
    plain: [u64; 40],
    cells: Array<u64, CELLS>,
    list: List<u64, LIST>,
}

/// What is compared.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct View {
    version: u64,
    plain: Vec<u64>,
    cells: Vec<u64>,
    list: Vec<u64>,
}

/// The update that makes `version`.
pub(super) fn apply(fixture: &mut Fixture, version: u64) {
    let mut rng = Rng::new(version);
    fixture.version = version;
    for _ in 0..rng.below(12) {
        fixture.cells[rng.below(CELLS)] = rng.next();
    }
    fixture.plain[rng.below(40)] = rng.next();
    match rng.below(8) {
        0 => fixture.list.truncate(rng.below(LIST)),
        1 => fixture.cells[..].fill(rng.next() % 2),
        2 => (0..rng.below(400)).for_each(|_| drop(fixture.list.push(rng.next()))),
        _ => drop(fixture.list.push(rng.next())),
    }
}

/// Each version from 0 on.
pub(super) fn views(count: u64) -> Vec<View> {
    let mut fixture = Fixture::new_box_zeroed();
    let mut views = vec![view_of(&fixture)];
    for version in 1..=count {
        apply(&mut fixture, version);
        views.push(view_of(&fixture));
    }
    views
}

fn view_of(fixture: &Fixture) -> View {
    View {
        version: fixture.version,
        plain: fixture.plain.to_vec(),
        cells: fixture.cells.to_vec(),
        list: fixture.list.to_vec(),
    }
}

/// The same, of the bytes of a state.
pub(super) fn view(bytes: &[u8]) -> View {
    let words = |at: usize, count: usize| {
        let (words, _) = bytes[at..at + 8 * count].as_chunks::<8>();
        words.iter().map(|word| u64::from_ne_bytes(*word)).collect::<Vec<_>>()
    };
    let list = offset_of!(Fixture, list);
    View {
        version: words(0, 1)[0],
        plain: words(offset_of!(Fixture, plain), 40),
        cells: words(offset_of!(Fixture, cells) + HEAD, CELLS),
        list: words(list + HEAD, (words(list, 1)[0] as u32) as usize),
    }
}
