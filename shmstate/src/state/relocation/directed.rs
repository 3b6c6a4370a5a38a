//! Moves that chance would take long to find.

use super::dir;
use super::fixture::check_copies;
use super::types::{Item, Root};
use crate::state::State;
use crate::{List, SharedLayout, Tracked};
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

/// How an item is put into a state, looked for, and taken out of it.
type Parking = (fn(&mut Root, Item), fn(&mut Root) -> &mut Item, fn(&mut Root) -> Item);

/// A list, which has lost an item or not, is parked in what is made of lists and arrays, changed there or not, and taken
/// back from another copy, three times in the same place; then its own region commits or rolls back.
pub(super) fn parked_in_the_others() {
    let parkings: [Parking; 5] = [
        (
            |b, item| b.jobs[0].push_back(item).unwrap(),
            |b| b.jobs[0].back_mut().unwrap(),
            |b| b.jobs[0].pop_back().unwrap(),
        ),
        (
            |b, item| b.jobs[0].push_front(item).unwrap(),
            |b| b.jobs[0].front_mut().unwrap(),
            |b| b.jobs[0].pop_front().unwrap(),
        ),
        (
            |b, item| _ = b.sessions[0].insert(item).unwrap(),
            |b| b.sessions[0].values_mut().next().unwrap(),
            |b| {
                let key = b.sessions[0].keys().next().unwrap();
                b.sessions[0].remove(key).unwrap()
            },
        ),
        (|b, item| _ = b.choices[0].insert(item), |b| b.choices[0].as_mut().unwrap(), |b| b.choices[0].take().unwrap()),
        (
            |b, item| *b.configs[0] = item,
            |b| &mut b.configs[0],
            |b| mem::replace(&mut b.configs[0], Tracked::zeroed()).into_inner(),
        ),
    ];
    let dir = dir();
    for (n, (put, find, take)) in parkings.into_iter().enumerate() {
        for case in 0..8 {
            let [changed, short, commits] = [1, 2, 4].map(|bit| case & bit != 0);
            let names = ["a", "b"].map(|region| format!("{n}-{case}-{region}"));
            let (a, b) = (state(dir.path(), &names[0], 2), state(dir.path(), &names[1], 2));
            let mut expected = a.snapshot().unwrap();
            let result = a.try_update(|a| {
                if short {
                    a.smalls[0].pop();
                }
                for round in 0..3 {
                    a.smalls[0][0] = 100 + round;
                    let parked = Item { n: 7, small: mem::take(&mut a.smalls[0]) };
                    b.update(|b| put(b, parked)).unwrap();
                    if changed {
                        b.update(|b| find(b).small[3] = 103).unwrap();
                    }
                    a.smalls[0] = b.update(take).unwrap().small;
                }
                if commits { Ok(()) } else { Err(()) }
            });
            assert_eq!(result.unwrap().is_ok(), commits);
            if commits {
                expected.smalls[0][0] = 102;
                if changed {
                    expected.smalls[0][3] = 103;
                }
                if short {
                    expected.smalls[0].pop();
                }
            }
            check(&a, &expected);
            let expected = b.snapshot().unwrap();
            check(&b, &expected);
        }
    }
}

/// An item leaves its slot, is changed outside, and comes back: to its slot or to another one, with its slot taken by
/// another item meanwhile or not, in one update or in two, of which the first may roll back.
pub(super) fn out_and_back() {
    let dir = dir();
    for case in 0..32 {
        let [elsewhere, taken, later, rolls_back, front] = [1, 2, 4, 8, 16].map(|bit| case & bit != 0);
        let a = state(dir.path(), &format!("{case}"), 3);
        let item = |n| Item { n, small: List::from([n, n + 1, n + 2]) };
        a.update(|a| a.jobs[0].extend([item(10), item(20), item(30)])).unwrap();
        let mut expected = a.snapshot().unwrap();
        let mut out = None;
        let take = |a: &mut Root| {
            let queue = &mut a.jobs[0];
            let mut item = if front { queue.pop_front() } else { queue.pop_back() }.unwrap();
            item.small.pop();
            item.small[0] += 5;
            item
        };
        let back = |a: &mut Root, back: Item| {
            let queue = &mut a.jobs[0];
            if taken {
                let other = item(40);
                if front { queue.push_front(other) } else { queue.push_back(other) }.unwrap();
                queue.back_mut().unwrap().small[1] = 7;
                let gone = if front { queue.pop_front() } else { queue.pop_back() };
                assert!(gone.is_some());
            }
            if front == elsewhere { queue.push_back(back) } else { queue.push_front(back) }.unwrap();
            queue.front_mut().unwrap().small.push(9).unwrap();
        };
        let verdict = |ok: bool| if ok { Ok(()) } else { Err(()) };
        let first = a.try_update(|a| {
            let item = take(a);
            if later {
                out = Some(item)
            } else {
                back(a, item)
            }
            verdict(!rolls_back)
        });
        assert_eq!(first.unwrap().is_ok(), !rolls_back);
        let item = take(&mut expected.clone());
        if !rolls_back {
            take(&mut expected);
        }
        if !later && !rolls_back {
            back(&mut expected, item.clone());
        }
        check(&a, &expected);
        if let Some(out) = out {
            a.update(|a| back(a, out)).unwrap();
            back(&mut expected, item);
            check(&a, &expected);
        }
    }
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
