//! Moves that chance would take long to find.

use super::dir;
use super::types::{Item, Root};
use super::world::check_copies;
use crate::List;
use crate::state::State;
use std::mem;

/// A state whose lists hold `0, 1, 2, …`.
fn state(dir: &std::path::Path, name: &str, copies: usize) -> State<Root> {
    let init = |root: &mut Root| {
        root.smalls.iter_mut().for_each(|list| *list = List::from([0, 1, 2, 3, 4]));
        for n in 0..3 {
            root.items[0].push(Item { n, small: List::from([0, 1, 2, 3, 4]) }).unwrap();
        }
    };
    State::options().copies(copies).init(init).create(dir.join(name)).unwrap()
}

/// Every copy is `expected`.
fn check(state: &State<Root>, expected: &Root) {
    check_copies(state, |found, what| assert_eq!(found.differing(expected), [""; 0], "{what}"));
}

/// A list is parked in another region, changed there by an update that writes another copy, and taken back from the
/// first one, which took that change over without a mark: it must not pass for the list that was parked.
pub(super) fn parked_changed_and_taken_back() {
    let dir = dir();
    let (a, b) = (state(dir.path(), "a", 2), state(dir.path(), "b", 2));
    let mut expected = a.snapshot().unwrap();
    a.update(|a| {
        a.smalls[0][0] = 100;
        let parked = Item { n: 7, small: mem::take(&mut a.smalls[0]) };
        b.update(|b| b.items[0].push(parked).unwrap()).unwrap();
        b.update(|b| b.items[0][3].small[3] = 103).unwrap();
        a.smalls[0] = b.update(|b| b.items[0].pop().unwrap().small).unwrap();
    })
    .unwrap();
    expected.smalls[0][0] = 100;
    expected.smalls[0][3] = 103;
    check(&a, &expected);
}

/// A list is parked in another region, whose update commits, and comes back as it was.
pub(super) fn parked_and_taken_back() {
    let dir = dir();
    let (a, b) = (state(dir.path(), "a", 3), state(dir.path(), "b", 3));
    let mut expected = a.snapshot().unwrap();
    a.update(|a| {
        a.smalls[0][0] = 100;
        let parked = Item { n: 7, small: mem::take(&mut a.smalls[0]) };
        b.update(|b| b.items[0].push(parked).unwrap()).unwrap();
        a.smalls[0] = b.snapshot().unwrap().items[0].pop().unwrap().small;
    })
    .unwrap();
    expected.smalls[0][0] = 100;
    check(&a, &expected);
}

/// A list that has lost an item is parked in another region and taken back from another copy of that, which never had
/// the item's bytes; then its own region rolls back, and needs them.
pub(super) fn parked_short_and_rolled_back() {
    let dir = dir();
    let (a, b) = (state(dir.path(), "a", 2), state(dir.path(), "b", 2));
    let expected = a.snapshot().unwrap();
    let result: Result<(), &str> = a
        .try_update(|a| {
            a.smalls[0].pop();
            let parked = Item { n: 7, small: mem::take(&mut a.smalls[0]) };
            b.update(|b| b.items[0].push(parked).unwrap()).unwrap();
            a.smalls[0] = b.update(|b| b.items[0].pop().unwrap().small).unwrap();
            Err("rolled back")
        })
        .unwrap();
    assert_eq!(result, Err("rolled back"));
    check(&a, &expected);
}

/// A list is parked twice in the same place of another region, in two copies of it, with a change of its own in between;
/// and comes back out of the copy where it was parked first.
pub(super) fn parked_where_it_was_before() {
    let dir = dir();
    let (a, b) = (state(dir.path(), "a", 2), state(dir.path(), "b", 2));
    let mut expected = a.snapshot().unwrap();
    a.update(|a| {
        a.smalls[0][0] = 100;
        b.update(|b| {
            let parked = Item { n: 7, small: mem::take(&mut a.smalls[0]) };
            b.items[0].push(parked).unwrap();
            a.smalls[0] = b.items[0].pop().unwrap().small;
        })
        .unwrap();
        a.smalls[0][3] = 103;
        let parked = Item { n: 7, small: mem::take(&mut a.smalls[0]) };
        b.update(|b| b.items[0].push(parked).unwrap()).unwrap();
        a.smalls[0] = b.update(|b| b.items[0].pop().unwrap().small).unwrap();
    })
    .unwrap();
    expected.smalls[0][0] = 100;
    expected.smalls[0][3] = 103;
    check(&a, &expected);
}

/// A clone does not have the bytes of an item that its original has just lost; a roll-back needs them.
pub(super) fn cloned_short_and_rolled_back() {
    let dir = dir();
    let a = state(dir.path(), "a", 2);
    let expected = a.snapshot().unwrap();
    let result: Result<(), &str> = a
        .try_update(|a| {
            a.smalls[0].pop();
            a.smalls[0] = a.smalls[0].clone();
            Err("rolled back")
        })
        .unwrap();
    assert_eq!(result, Err("rolled back"));
    check(&a, &expected);
}

/// A list comes out of an update that is rolled back, its place is changed through another handle, and it goes back in
/// the next update of the first one.
pub(super) fn back_after_a_roll_back() {
    let dir = dir();
    let a = state(dir.path(), "a", 3);
    let other = a.try_clone().unwrap();
    let expected = a.snapshot().unwrap();
    let mut taken = List::new();
    let result = a.try_update(|a| {
        taken = mem::take(&mut a.smalls[0]);
        Err::<(), _>("rolled back")
    });
    assert_eq!(result.unwrap(), Err("rolled back"));
    other.update(|a| a.smalls[0][2] = 102).unwrap();
    a.update(|a| a.smalls[0] = taken).unwrap();
    check(&a, &expected);
}
