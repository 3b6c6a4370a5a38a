//! The naive way: plain memory, changed in place under a robust pthread mutex that processes share. It rolls nothing back,
//! and what its owner has begun stays when it dies.

use super::store::{Store, by_hand};
use super::{Peer, map};
use crate::counter_list::Plain;
use anyhow::{Result, bail};
use memmap2::MmapRaw;
use std::mem::MaybeUninit;
use std::path::Path;
use std::ptr;

/// The mutex's place, before the state.
const HEAD: usize = 64;

pub struct Mutex {
    map: MmapRaw,
    items: usize,
}

pub fn open(dir: &Path, bytes: usize, create: bool) -> Result<Box<dyn Peer>> {
    const { assert!(size_of::<libc::pthread_mutex_t>() <= HEAD) };
    let map = map(&dir.join("mutex"), HEAD + size_of::<Plain<[u64; 0]>>() + bytes, create)?;
    let mut this = Mutex { map, items: bytes / 8 };
    if create {
        this.init()?;
        this.update(|s| {
            s.len = s.items.len() as u64;
            s.items.fill(1);
        })?;
    }
    Ok(Box::new(this))
}

impl Mutex {
    fn init(&self) -> Result<()> {
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: memory for the attributes.
        let init = unsafe { libc::pthread_mutexattr_init(attributes) };
        // SAFETY: initialised above.
        let shared = unsafe { libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED) };
        // SAFETY: as above.
        let robust = unsafe { libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST) };
        // SAFETY: as above; the mapping is zeroed memory that no other process knows yet.
        let mutex = unsafe { libc::pthread_mutex_init(self.mutex(), attributes) };
        if (init, shared, robust, mutex) != (0, 0, 0, 0) {
            bail!("no robust mutex");
        }
        Ok(())
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        self.map.as_mut_ptr().cast()
    }

    #[inline]
    fn lock<R>(&self, f: impl FnOnce(&mut Plain) -> R) -> Result<R> {
        // SAFETY: initialised by its creator.
        match unsafe { libc::pthread_mutex_lock(self.mutex()) } {
            0 => {}
            libc::EOWNERDEAD => {
                // SAFETY: the mutex is held.
                unsafe { libc::pthread_mutex_consistent(self.mutex()) };
            }
            error => bail!(std::io::Error::from_raw_os_error(error)),
        }
        // SAFETY: the head is smaller than the mapping.
        let start = unsafe { self.map.as_mut_ptr().add(HEAD) };
        let plain = ptr::slice_from_raw_parts_mut(start.cast::<u64>(), self.items) as *mut Plain;
        // SAFETY: `items` of them are mapped after the head, any bytes are numbers, and the mutex is held.
        let r = f(unsafe { &mut *plain });
        // SAFETY: as above.
        unsafe { libc::pthread_mutex_unlock(self.mutex()) };
        Ok(r)
    }
}

impl Store for Mutex {
    type View = Plain;
    type Edit = Plain;

    #[inline]
    fn read<R>(&mut self, mut f: impl FnMut(&Plain) -> R) -> Result<R> {
        self.lock(|s| f(s))
    }
    #[inline]
    fn update(&mut self, f: impl FnOnce(&mut Plain)) -> Result<()> {
        self.lock(f)
    }
    #[inline]
    fn roll_back(&mut self, at: usize, value: u64) -> Result<()> {
        self.lock(|s| by_hand(s, at, value))
    }
}
