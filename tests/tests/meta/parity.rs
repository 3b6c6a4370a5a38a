//! Each container has the traits of the type that it stands in for: what is asked of the one is asked of the other.
//!
//! It is the compiler that says so.

use shmstate::{Array, Blob, List, Map, Maybe, Queue, Ring, Set, Slab, SortedMap, Text, Tracked};
use std::borrow::{Borrow, BorrowMut};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::fmt::{self, Debug, Display};
use std::hash::Hash;
use std::io;
use std::ops::{Deref, DerefMut, Index, IndexMut};
use std::path::Path;
use std::str::FromStr;

/// What all of them are.
trait Value: Debug + Clone + Eq + Default + Send + Sync {}
impl<C: Debug + Clone + Eq + Default + Send + Sync> Value for C {}

/// What orders and hashes as its items do.
trait Ordered: Value + Ord + Hash {}
impl<C: Value + Ord + Hash> Ordered for C {}

/// What can be filled from an iterator.
trait Filled<T>: Extend<T> + FromIterator<T> {}
impl<T, C: Extend<T> + FromIterator<T>> Filled<T> for C {}

fn ordered<C: Ordered>() {}

fn slice<C>()
where
    C: Ordered + AsRef<[u8]> + Borrow<[u8]> + for<'a> TryFrom<&'a [u8]>,
    C: From<[u8; 4]> + PartialEq<[u8]> + PartialEq<[u8; 4]>,
    for<'a> &'a C: IntoIterator<Item = &'a u8>,
    for<'a> &'a mut C: IntoIterator<Item = &'a mut u8>,
{
}

fn indexed<C: IndexMut<usize, Output = u8>>() {}

fn vec<C>()
where
    C: Filled<u8> + for<'a> Extend<&'a u8> + Deref<Target = [u8]> + io::Write + PartialEq<Vec<u8>>,
    C: for<'a> PartialEq<&'a [u8]> + TryFrom<Vec<u8>>,
    Vec<u8>: From<C>,
{
}

fn deque<C>()
where
    C: Ordered + Filled<u8> + for<'a> Extend<&'a u8> + IndexMut<usize, Output = u8> + From<[u8; 4]>,
    C: PartialEq<Vec<u8>> + PartialEq<[u8; 4]> + TryFrom<VecDeque<u8>> + TryFrom<Vec<u8>>,
    VecDeque<u8>: From<C>,
    Vec<u8>: From<C>,
    for<'a> &'a C: IntoIterator<Item = &'a u8>,
    for<'a> &'a mut C: IntoIterator<Item = &'a mut u8>,
{
}

fn map<C>()
where
    C: Value + Filled<(u8, u8)> + for<'a> Extend<(&'a u8, &'a u8)> + From<[(u8, u8); 4]>,
    C: for<'a> Index<&'a u8, Output = u8>,
    for<'a> &'a C: IntoIterator<Item = (&'a u8, &'a u8)>,
    for<'a> &'a mut C: IntoIterator<Item = (&'a u8, &'a mut u8)>,
{
}

fn set<C>()
where
    C: Value + Filled<u8> + for<'a> Extend<&'a u8> + From<[u8; 4]>,
    for<'a> &'a C: IntoIterator<Item = &'a u8>,
{
}

fn string<C>()
where
    C: Ordered + Display + fmt::Write + Deref<Target = str> + Borrow<str> + FromStr + for<'a> TryFrom<&'a str>,
    C: AsRef<str> + AsRef<[u8]> + AsRef<OsStr> + AsRef<Path> + Filled<char> + for<'a> Filled<&'a str>,
    C: PartialEq<str> + for<'a> PartialEq<&'a str> + PartialEq<String> + TryFrom<String>,
    for<'a> String: From<C> + From<&'a C>,
{
}

fn option<C>()
where
    C: Ordered + Copy + From<u8> + From<Option<u8>> + IntoIterator<Item = u8>,
    for<'a> &'a C: IntoIterator<Item = &'a u8>,
    for<'a> &'a mut C: IntoIterator<Item = &'a mut u8>,
{
}

fn owner<C>()
where
    C: Ordered + Display + From<u8> + DerefMut<Target = u8> + AsRef<u8> + AsMut<u8> + Borrow<u8> + BorrowMut<u8>,
{
}

/// What becomes a std collection, and is made of one.
fn converts<C, S>()
where
    C: TryFrom<S>,
    S: From<C>,
{
}

/// `slotmap::SlotMap`, which is not at hand.
fn slot_map<C, K>()
where
    C: Value + IndexMut<K, Output = u8>,
    for<'a> &'a C: IntoIterator<Item = (K, &'a u8)>,
    for<'a> &'a mut C: IntoIterator<Item = (K, &'a mut u8)>,
{
}

/// Each question is asked of std's type first, so that it asks for nothing that this does not have.
#[test]
fn the_containers_have_the_traits_of_their_models() {
    let asked: &[fn()] = &[
        slice::<Vec<u8>>,
        slice::<List<u8, 4>>,
        slice::<Blob<4>>,
        slice::<Array<u8, 4>>,
        indexed::<Vec<u8>>,
        indexed::<List<u8, 4>>,
        indexed::<Array<u8, 4>>,
        vec::<Vec<u8>>,
        vec::<List<u8, 4>>,
        vec::<Blob<4>>,
        deque::<VecDeque<u8>>,
        deque::<Queue<u8, 4>>,
        deque::<Ring<u8, 4>>,
        map::<HashMap<u8, u8>>,
        map::<Map<u8, u8, 4>>,
        map::<BTreeMap<u8, u8>>,
        map::<SortedMap<u8, u8, 4>>,
        ordered::<BTreeMap<u8, u8>>,
        ordered::<SortedMap<u8, u8, 4>>,
        set::<HashSet<u8>>,
        set::<Set<u8, 4>>,
        string::<String>,
        string::<Text<4>>,
        converts::<HashMap<u8, u8>, HashMap<u8, u8>>,
        converts::<Map<u8, u8, 4>, HashMap<u8, u8>>,
        converts::<SortedMap<u8, u8, 4>, BTreeMap<u8, u8>>,
        converts::<Set<u8, 4>, HashSet<u8>>,
        converts::<Array<u8, 4>, Vec<u8>>,
        option::<Option<u8>>,
        option::<Maybe<u8>>,
        owner::<Box<u8>>,
        owner::<Tracked<u8>>,
        slot_map::<Slab<u8, 4>, shmstate::Key<u8>>,
    ];
    assert_eq!(asked.len(), 33);
}
