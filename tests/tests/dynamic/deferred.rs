//! Updates that last from call to call leave out what they may overwrite: what they show, and what they commit, is whole all the same.

use shmstate::dynamic::{Data, DynState, Position, Transaction, Value};
use shmstate::{Array, List, SharedLayout, State};
use shmstate_tests::{Rng, child, scratch_dir};

/// Each of them is long enough to be left out.
const ITEMS: usize = 20_000;

#[derive(SharedLayout)]
#[repr(C)]
struct Long {
    first: List<u64, ITEMS>,
    second: Array<u64, ITEMS>,
    ticks: u64,
}

/// What the state holds.
#[derive(Clone, PartialEq, Debug)]
struct Model {
    first: Vec<u64>,
    second: Vec<u64>,
}

struct Fixture {
    _dir: tempfile::TempDir,
    typed: State<Long>,
    writer: DynState,
    first: Position,
    second: Position,
}

fn fixture() -> (Fixture, Model) {
    let dir = scratch_dir();
    let name = dir.path().join("long");
    let typed = State::<Long>::options().copies(4).create(&name).unwrap();
    let model = Model { first: (0..15_000).collect(), second: vec![0; ITEMS] };
    typed.transact(|s| Ok(s.first.extend_from_slice(&model.first)?)).unwrap();
    let writer = DynState::options().writable(true).open(&name).unwrap();
    let place = |name| writer.read(|v| v.get(name).map(Value::position)).unwrap().unwrap();
    let (first, second) = (place("first"), place("second"));
    (Fixture { _dir: dir, typed, writer, first, second }, model)
}

fn bytes(numbers: &[u64]) -> &[u8] {
    bytemuck::cast_slice(numbers)
}

impl Fixture {
    /// Replaces the whole of one, by the type: the next updates find that their copies lack all of it.
    fn replace_all(&self, model: &mut Model, rng: &mut Rng) {
        let seed = rng.any();
        let numbers = |len: usize| (0..len as u64).map(|n| seed ^ n).collect::<Vec<_>>();
        if rng.below(2) == 0 {
            let len = 9_000 + rng.below(ITEMS - 9_000);
            model.first = numbers(len);
            self.typed
                .transact(|s| {
                    s.first.clear();
                    Ok(s.first.extend_from_slice(&model.first)?)
                })
                .unwrap();
        } else {
            model.second = numbers(ITEMS);
            self.typed.update(|s| s.second.as_mut_slice().copy_from_slice(&model.second)).unwrap();
        }
    }

    /// Changes something in an update.
    fn change(&self, update: &mut Transaction, model: &mut Model, rng: &mut Rng) {
        let number = rng.any();
        let (position, numbers, grows) = match rng.below(2) {
            0 => (self.first, &mut model.first, true),
            _ => (self.second, &mut model.second, false),
        };
        let len = numbers.len();
        let mut edit = update.edit().unwrap();
        let mut part = edit.part(position).unwrap();
        let at = rng.below(len);
        match rng.below(10) {
            // All of it, which is what is worth to leave out.
            0 | 1 => {
                *numbers = (0..len as u64).map(|n| number.wrapping_mul(n | 1)).collect();
                part.splice_bytes(0..len, bytes(numbers)).unwrap();
            }
            // Some of it: the rest has to be taken over.
            2 => {
                let end = at + rng.below(len - at);
                numbers[at..end].fill(number);
                part.splice_bytes(at..end, bytes(&vec![number; end - at])).unwrap();
            }
            3 => {
                numbers[at] = number;
                part.splice(at..at + 1, &[Data::from(number)]).unwrap();
            }
            4 => {
                let place = part.bytes_mut().unwrap().unwrap();
                place[at * 8..at * 8 + 8].copy_from_slice(&number.to_ne_bytes());
                numbers[at] = number;
            }
            5 => assert_eq!(part.item_bytes().unwrap().unwrap(), bytes(numbers)),
            6 if grows && len > 9_000 => {
                let _ = numbers.remove(at);
                assert!(part.remove(&Data::from(at as u64)).unwrap());
            }
            7 if grows && len < ITEMS => {
                numbers.insert(at, number);
                part.insert(&Data::from(at as u64), &Data::from(number)).unwrap();
            }
            // Made anew, and made shorter.
            8 if grows => {
                numbers.iter_mut().for_each(|n| *n ^= number);
                part.clear().unwrap();
                part.splice_bytes(0..0, bytes(numbers)).unwrap();
            }
            9 if grows && len > 9_000 => {
                *numbers = (0..len as u64 - 3).map(|n| number ^ n).collect();
                part.splice_bytes(0..len, bytes(numbers)).unwrap();
            }
            _ => edit.set("ticks", number).unwrap(),
        }
    }

    /// What one sees, in one of the ways to look at it.
    fn check(&self, root: Value<'_>, model: &Model, rng: &mut Rng) {
        for (position, numbers) in [(self.first, &model.first), (self.second, &model.second)] {
            let value = root.part(position).unwrap();
            assert_eq!(value.len().unwrap(), numbers.len());
            match rng.below(4) {
                0 => {
                    let items = value.items().unwrap().map(|item| item.as_u64().unwrap());
                    assert!(items.eq(numbers.iter().copied()));
                }
                2 => {
                    let at = rng.below(numbers.len());
                    assert_eq!(value.item(at).unwrap().as_u64().unwrap(), numbers[at]);
                }
                // They lie in two copies if something in their midst was overwritten.
                1 => {
                    let some = rng.below(numbers.len())..numbers.len();
                    assert_eq!(*value.bytes_of_items(some.clone()).unwrap().unwrap(), *bytes(&numbers[some]));
                }
                _ => assert!(value.item_bytes().unwrap().is_none_or(|found| found == bytes(numbers))),
            }
        }
    }

    fn check_committed(&self, model: &Model) {
        let found = self.typed.read(|s| Model { first: s.first.to_vec(), second: s.second.to_vec() }).unwrap();
        assert!(found == *model, "what is committed");
    }
}

/// What an update left out shows the committed version, whatever is written around it; and every copy that was written is whole.
#[test]
fn what_is_left_out_is_there_all_the_same() {
    let rounds = if cfg!(debug_assertions) { 150 } else { 2000 };
    for seed in 0..4 {
        let ((fixture, mut model), rng) = (fixture(), &mut Rng::new(seed));
        for _ in 0..rounds {
            for _ in 0..rng.below(3) {
                fixture.replace_all(&mut model, rng);
            }
            let mut next = model.clone();
            let mut update = fixture.writer.begin().unwrap();
            for _ in 0..rng.below(4) {
                fixture.check(update.value().unwrap(), &next, rng);
                fixture.change(&mut update, &mut next, rng);
            }
            fixture.check(update.value().unwrap(), &next, rng);
            match rng.below(4) {
                0 => drop(update),
                1 => drop(update.abandon().unwrap()),
                _ => {
                    let _ = update.commit().unwrap();
                    model = next;
                }
            }
            fixture.check_committed(&model);
        }
    }
}

/// A process that is killed in an update that has left something out leaves a copy that is not used as it is.
#[test]
fn what_a_killed_update_has_left_out_is_not_lost() {
    let ((fixture, mut model), rng) = (fixture(), &mut Rng::new(7));
    for round in 0..6 {
        fixture.replace_all(&mut model, rng);
        fixture.replace_all(&mut model, rng);
        let mut holder = child!["hold-transaction", fixture.writer.file(), ["", "first[5]"][round % 2]];
        holder.expect("in");
        holder.kill();
        // The others take turns. The copy is repaired by parts, of which the next updates take over one each.
        let _held = std::thread::scope(|s| s.spawn(|| fixture.writer.reading().unwrap()).join().unwrap());
        for n in 0..6 {
            fixture.check_committed(&model);
            match (n + round / 2) % 2 {
                0 => drop(fixture.writer.begin().unwrap().commit().unwrap()),
                _ => fixture.typed.update(|s| s.ticks += 1).unwrap(),
            }
        }
    }
    assert_eq!(fixture.typed.stats().unwrap().recoveries, 6);
}
