//! What a process has once for each region, however many handles it has there.

use super::fork::{ForkGuard, NoFork};
use super::region_key::RegionKey;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A `V` for each region, by device and inode, for as long as something uses it.
///
/// It is locked only while no thread can fork, so that no child finds it locked. A child finds what its parent had there, and does not
/// use it.
pub(crate) struct PerRegion<V> {
    known: Mutex<Known<V>>,
}

type Known<V> = BTreeMap<(u64, u64), (ForkGuard, Weak<V>)>;

impl<V> PerRegion<V> {
    pub(crate) const fn new() -> Self {
        PerRegion { known: Mutex::new(BTreeMap::new()) }
    }

    /// What is there for the region.
    pub(crate) fn get(&self, key: RegionKey) -> io::Result<Option<Arc<V>>> {
        self.with(|known| find(known, key))
    }

    /// What is there for the region; else `made`, which is there from now on.
    pub(crate) fn get_or_insert(&self, key: RegionKey, made: Arc<V>) -> io::Result<Arc<V>> {
        let fork_guard = ForkGuard::current()?;
        self.with(|known| {
            find(known, key).unwrap_or_else(|| {
                known.retain(|_, (_, value)| value.strong_count() > 0);
                known.insert((key.device, key.inode), (fork_guard, Arc::downgrade(&made)));
                made
            })
        })
    }

    fn with<R>(&self, f: impl FnOnce(&mut Known<V>) -> R) -> io::Result<R> {
        let _no_fork = NoFork::begin()?;
        Ok(f(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn find<V>(known: &Known<V>, key: RegionKey) -> Option<Arc<V>> {
    let (fork_guard, value) = known.get(&(key.device, key.inode))?;
    if fork_guard.is_current() { value.upgrade() } else { None }
}
