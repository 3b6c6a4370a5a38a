//! Maps and sets whose keys the new program hashes or orders otherwise: that is distinguished from damage, and their entries are
//! arranged anew.

use shmstate::dynamic::DynState;
use shmstate::{ErrorKind, Map, Migrate, Set, SharedLayout, SortedMap, State};
use shmstate_tests::scratch_dir;

mod new {
    use super::*;
    use std::cmp::Ordering;
    use std::hash::{Hash, Hasher};

    /// The largest number is the first one, and tens are the same.
    #[derive(SharedLayout, Debug, Clone, Copy)]
    #[repr(C)]
    pub struct Key(pub u64);

    impl PartialEq for Key {
        fn eq(&self, other: &Self) -> bool {
            self.0 / 10 == other.0 / 10
        }
    }

    impl Eq for Key {}

    impl Hash for Key {
        fn hash<H: Hasher>(&self, state: &mut H) {
            (self.0 / 10).hash(state);
        }
    }

    impl PartialOrd for Key {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Key {
        fn cmp(&self, other: &Self) -> Ordering {
            (other.0 / 10).cmp(&(self.0 / 10))
        }
    }

    #[derive(SharedLayout)]
    #[repr(C)]
    pub struct Ledger {
        pub amounts: Map<Key, u64, 100>,
        pub paid: Set<Key, 100>,
        pub latest: SortedMap<Key, u64, 200>,
        pub nested: Map<u8, SortedMap<Key, u64, 4>, 2>,
    }
}

#[derive(SharedLayout, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
struct Key(u64);

#[derive(SharedLayout)]
#[repr(C)]
struct Ledger {
    amounts: Map<Key, u64, 100>,
    paid: Set<Key, 100>,
    latest: SortedMap<Key, u64, 200>,
    nested: Map<u8, SortedMap<Key, u64, 4>, 2>,
}

/// The same with other capacities, in a program whose keys are what they were.
#[derive(SharedLayout)]
#[repr(C)]
struct Larger {
    amounts: Map<Key, u64, 150>,
    paid: Set<Key, 150>,
    latest: SortedMap<Key, u64, 500>,
    nested: Map<u8, SortedMap<Key, u64, 9>, 3>,
}

fn fill(ledger: &mut Ledger) -> Result<(), shmstate::Error> {
    for n in 0..90 {
        ledger.amounts.insert(Key(10 * n), n)?;
        ledger.paid.insert(Key(10 * n))?;
        ledger.latest.insert(Key(10 * n), n)?;
    }
    ledger.nested.insert_with(1, |map| map.extend([(Key(10), 1), (Key(20), 2)]))?;
    Ok(())
}

#[test]
fn entries_are_arranged_anew() {
    let dir = scratch_dir();
    let path = dir.path().join("ledger");
    State::<Ledger>::create(&path).unwrap().transact(fill).unwrap();
    let refused = State::<new::Ledger>::open(&path).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::LayoutMismatch);
    assert!(refused.to_string().contains("or have its entries arranged anew with `options().migrate(Migrate::Auto)`"));
    drop(State::<new::Ledger>::options().migrate(Migrate::Auto).open(&path).unwrap());
    let ledger = State::<new::Ledger>::open(&path).expect("checked by the first handle");
    ledger
        .read(|s| {
            assert!((0..90).all(|n| s.amounts[&new::Key(10 * n)] == n && s.paid.contains(&new::Key(10 * n + 5))));
            assert!(s.latest.values().copied().eq((0..90).rev()));
            assert!(s.nested[&1].values().copied().eq([2, 1]));
        })
        .unwrap();
}

#[test]
fn keys_that_are_the_same_now_are_a_loss() {
    let dir = scratch_dir();
    let path = dir.path().join("ledger");
    let fill = |ledger: &mut Ledger| {
        ledger.amounts.extend([(Key(1), 1), (Key(2), 2)]);
        ledger.paid.extend([Key(1), Key(2)]);
        ledger.latest.extend([(Key(1), 1), (Key(2), 2), (Key(30), 3)]);
    };
    State::<Ledger>::create(&path).unwrap().update(fill).unwrap();
    let error = State::<new::Ledger>::options().migrate(Migrate::Auto).open(&path).unwrap_err().to_string();
    for path in ["amounts", "paid", "latest"] {
        assert!(error.contains(&format!("{path}: two keys are the same now\n")), "{error}");
    }
    let allowed = Migrate::AllowLoss(&["amounts", "paid", "latest"]);
    let ledger = State::<new::Ledger>::options().migrate(allowed).open(&path).unwrap();
    assert_eq!(ledger.read(|s| [s.amounts.len(), s.paid.len(), s.latest.len()]).unwrap(), [1, 1, 2]);
}

/// The schema does not say how keys of a struct are hashed: where they are what they were, the old places say it.
#[test]
fn without_the_type_keys_that_stay_are_found_by_their_old_places() {
    let dir = scratch_dir();
    let (path, other) = (dir.path().join("ledger"), dir.path().join("larger"));
    State::<Ledger>::create(&path).unwrap().transact(fill).unwrap();
    let schema = |path| DynState::open(path).unwrap().schema();
    let _larger = State::<Larger>::create(&other).unwrap();
    let mut view = DynState::options().writable(true).open(&path).unwrap();
    view.migrate(&schema(&other), &[]).unwrap();
    drop(view);
    let larger = State::<Larger>::open(&path).expect("checked by the first handle");
    larger
        .read(|s| {
            assert!((0..90).all(|n| s.amounts[&Key(10 * n)] == n && s.paid.contains(&Key(10 * n))));
            assert!(s.latest.values().copied().eq(0..90) && s.nested[&1].len() == 2);
        })
        .unwrap();
}

/// Colours, and texts of a length.
macro_rules! palette {
    ($len:literal, $($colour:ident = $value:literal),*) => {
        use shmstate::{Map, Set, SharedLayout, SortedMap, Text};

        #[derive(SharedLayout, Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Colour {
            $($colour = $value),*
        }

        #[derive(SharedLayout)]
        #[repr(C)]
        pub struct Palette {
            pub shares: Map<Colour, u64, 4>,
            pub used: Set<Colour, 4>,
            pub names: Map<Text<$len>, u64, 4>,
            pub sorted: SortedMap<Text<$len>, u64, 4>,
        }
    };
}

mod long {
    palette!(8, Off = 0, Red = 1, Green = 2);
}

mod short {
    palette!(4, Off = 0, Green = 2);
}

/// A part of a key is another key: an entry does not take the place of that one.
#[test]
fn entries_whose_keys_lose_something_are_dropped() {
    use long::Colour::{Green, Off, Red};
    let dir = scratch_dir();
    let path = dir.path().join("palette");
    let fill = |s: &mut long::Palette| {
        s.shares.extend([(Red, 111), (Green, 3), (Off, 2)]);
        s.used.extend([Red, Green]);
        for (name, number) in [("alice", 1), ("alic", 77), ("bob", 5)] {
            s.names.insert(name.parse()?, number)?;
            s.sorted.insert(name.parse()?, number)?;
        }
        Ok::<_, shmstate::Error>(())
    };
    State::<long::Palette>::create(&path).unwrap().transact(fill).unwrap();
    let error = State::<short::Palette>::options().migrate(Migrate::Auto).open(&path).unwrap_err().to_string();
    assert!(error.contains("\n  sorted[key]: 5 bytes, and the program has room for 4\n"), "listed once: {error}");
    let allowed = Migrate::AllowLoss(&["shares", "used", "names", "sorted"]);
    let palette = State::<short::Palette>::options().migrate(allowed).open(&path).unwrap();
    palette
        .read(|s| {
            assert_eq!((s.shares.len(), s.shares[&short::Colour::Green], s.shares[&short::Colour::Off]), (2, 3, 2));
            assert!(s.used.iter().eq(&[short::Colour::Green]));
            assert_eq!((s.names.len(), s.names["alic"], s.names["bob"]), (2, 77, 5));
            assert_eq!((s.sorted.len(), s.sorted["alic"], s.sorted["bob"]), (2, 77, 5));
        })
        .unwrap();
    drop(palette);
    State::<short::Palette>::open(&path).expect("checked by the first handle");
}

/// An export says nothing of how keys are hashed and ordered: an import arranges them as the program does.
#[test]
fn what_was_exported_is_arranged_by_the_program() {
    let dir = scratch_dir();
    let [name, file, next] = ["ledger", "ledger.json", "next"].map(|file| dir.path().join(file));
    let ledger = State::<new::Ledger>::create(&name).unwrap();
    let keys = || (0..90).map(|n| new::Key(n * 10));
    ledger
        .transact(|s| {
            for key in keys() {
                s.amounts.insert(key, key.0)?;
                s.paid.insert(key)?;
                s.latest.insert(key, key.0)?;
            }
            Ok(())
        })
        .unwrap();
    DynState::open(&name).unwrap().export(&file).unwrap();
    let next = State::<new::Ledger>::options().import(&file, &next).unwrap();
    next.read(|s| {
        assert_eq!((s.amounts.len(), s.paid.len(), s.latest.len()), (90, 90, 90));
        for key in keys() {
            let alike = new::Key(key.0 + 3);
            assert_eq!((s.amounts.get(&alike), s.latest.get(&alike)), (Some(&key.0), Some(&key.0)));
            assert!(s.paid.contains(&alike));
        }
    })
    .unwrap();
}
