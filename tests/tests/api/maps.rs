//! Maps and sets in a region, across handles.

use shmstate::{Array, ErrorKind, Map, Set, SharedLayout, SortedMap, State, Text};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

#[derive(SharedLayout, Clone, PartialEq, Debug)]
#[repr(C)]
struct Shop {
    prices: Map<Text<16>, u64, 100>,
    seen: Set<u32, 50>,
    hours: SortedMap<u16, Set<u8, 4>, 20>,
    shelf: Array<u32, 1000>,
}

#[test]
fn what_one_handle_puts_in_others_find() {
    let dir = shmstate_tests::scratch_dir();
    let path = dir.path().join("shop");
    let shop = State::<Shop>::create(&path).unwrap();
    let other = State::<Shop>::open(&path).unwrap();
    for n in 0..300u32 {
        let fails = n % 3 == 0;
        let verdict = shop.try_update(|s| {
            *s.prices.entry(format!("thing {}", n % 60).parse().unwrap()).or_insert(0).unwrap() += 1;
            let _ = s.seen.insert(n % 40);
            s.hours.entry(n as u16 % 20).or_default().unwrap().insert(n as u8 % 4).unwrap();
            s.shelf[n as usize] = n;
            if n % 7 == 0 {
                s.prices.remove(&*format!("thing {}", n % 50));
                s.seen.retain(|value| *value != n % 11);
                s.hours.pop_first();
            }
            if fails { Err(()) } else { Ok(()) }
        });
        assert_eq!(verdict.unwrap().is_err(), fails);
        let ours = shop.snapshot().unwrap();
        assert!(ours.prices.keys().all(|key| ours.prices.contains_key(key)));
        other.read(|s| assert_eq!(*s, *ours)).unwrap();
    }
    drop((shop, other));
    let again = State::<Shop>::open(&path).unwrap();
    assert_eq!(
        again.read(|s| (s.prices.get("thing 59").is_some(), s.shelf[297], s.shelf[299])).unwrap(),
        (true, 0, 299)
    );
    let onlooker = State::<Shop>::open_read_only(&path).unwrap();
    assert_eq!(*onlooker.snapshot().unwrap(), *again.snapshot().unwrap());
}

/// What std's keys are found by finds these: a `str`, a `String`; and an entry is had by what its key is made of.
#[test]
fn keys_are_found_by_what_std_finds_them_by() {
    let dir = shmstate_tests::scratch_dir();
    let shop = State::<Shop>::create(dir.path().join("shop")).unwrap();
    let name = String::from("pump");
    shop.update(|s| *s.prices.try_entry(&name).unwrap().or_insert(30).unwrap() += 1).unwrap();
    shop.update(|s| *s.prices.try_entry("pump").unwrap().or_default().unwrap() += 1).unwrap();
    shop.read(|s| {
        assert_eq!((s.prices.get(&name), s.prices.get("pump"), s.prices[&name]), (Some(&32), Some(&32), 32));
        assert!(s.prices.contains_key(&name) && s.hours.get(&7).is_none());
    })
    .unwrap();
    shop.update(|s| {
        assert!(s.prices.discard(&name) && s.prices.remove(&name).is_none());
        assert_eq!(s.prices.try_entry("a name that is too long").err().map(|full| full.needed()), Some(23));
        let all = std::collections::HashMap::from([(Text::from_static("valve"), 5)]);
        s.prices = all.try_into().unwrap();
        assert!(s.prices.drain().eq([(Text::from_static("valve"), 5)]) && s.prices.is_empty());
    })
    .unwrap();
}

/// A key of the same name and layout as in the program that filled the map, but of another mind about its hash.
mod another_program {
    use super::{Hash, Hasher, Map, Ordering, Set, SharedLayout, SortedMap};

    #[derive(SharedLayout, PartialEq, Eq)]
    #[repr(C)]
    pub struct Key(pub u64);

    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            state.write_u64(!self.0);
        }
    }

    impl PartialOrd for Key {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Key {
        fn cmp(&self, other: &Self) -> Ordering {
            other.0.cmp(&self.0)
        }
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Ledger {
        pub amounts: Map<Key, u64, 8>,
        pub paid: Set<Key, 8>,
        pub latest: SortedMap<Key, u64, 8>,
    }
}

#[derive(SharedLayout, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
struct Key(u64);

#[derive(SharedLayout)]
#[repr(C)]
struct Ledger {
    amounts: Map<Key, u64, 8>,
    paid: Set<Key, 8>,
    latest: SortedMap<Key, u64, 8>,
}

/// A region that is sound, and of which each map, set and sorted map is wrong for a program whose keys have another `Hash` or
/// `Ord`: that is what is said, and not that the file is damaged.
#[test]
fn keys_under_another_hash_or_order_are_told_as_that() {
    let dir = shmstate_tests::scratch_dir();
    let path = dir.path().join("ledger");
    let says = |fill: fn(&mut Ledger), what: &str, key: &str| {
        let ledger = State::<Ledger>::create(&path).unwrap();
        ledger.update(fill).unwrap();
        let live = State::<another_program::Ledger>::open(&path).unwrap();
        let found = live.snapshot().map(drop).unwrap_err();
        drop((ledger, live));
        let refused = State::<another_program::Ledger>::open(&path).unwrap_err();
        for error in [refused, found] {
            assert_eq!(error.kind(), ErrorKind::LayoutMismatch, "{error}");
            let says = format!(
                "are not where this program's `{what}` puts them: `{key}`: key {} was put in under another `{what}` than this \
                 program's; run the program that filled it; or, if its content is not needed, put a new region in its place with \
                 `open_or_replace`; or have its entries arranged anew with `options().migrate(Migrate::Auto)` (cargo feature \
                 `dynamic`). A type whose `{what}` changes needs another `#[shared(version = N)]`",
                u8::from(what == "Ord")
            );
            assert!(error.to_string().contains(&says), "{error}");
        }
        drop(State::<Ledger>::open(&path).expect("it is as it was"));
        shmstate::remove(&path).unwrap();
    };
    says(|s| drop(s.amounts.insert(Key(1), 10)), "Hash", "amounts.keys");
    says(|s| s.paid.extend([Key(1)]), "Hash", "paid");
    says(|s| s.latest.extend([(Key(1), 1), (Key(2), 2)]), "Ord", "latest");
    let of = another_program::Key(1);
    assert_eq!(of.0, 1);
}
