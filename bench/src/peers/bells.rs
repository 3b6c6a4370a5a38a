//! What wakes a thread that sleeps, across processes.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use shmstate::{SharedLayout, State};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Bell {
    /// A version is waited for.
    Ours,
    /// A private copy waits, and catches up.
    OursFollower,
    Futex,
    EventFd,
    Iceoryx,
}

/// What both sides have. A bell takes what it needs.
pub struct Common {
    dir: PathBuf,
    word: AtomicU32,
    event: File,
}

/// Sleeps until it is woken once, or wakes once.
type Act<'a> = &'a mut dyn FnMut() -> Result<()>;

/// What a side does with its end of the bell.
type Part<'a> = &'a mut dyn FnMut(Act<'_>) -> Result<()>;

#[derive(SharedLayout)]
#[repr(C)]
struct Ticks {
    ticks: u64,
}

/// No sleep is longer: what was not woken by then never is.
const LIMIT: Duration = Duration::from_secs(10);

impl Common {
    pub fn new(dir: &Path) -> Result<Common> {
        // SAFETY: a call without pointers.
        let event = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        if event < 0 {
            bail!("no eventfd: {}", std::io::Error::last_os_error());
        }
        // SAFETY: a descriptor that nothing else owns.
        let event = unsafe { File::from_raw_fd(event) };
        State::<Ticks>::create(dir.join("ticks"))?;
        Ok(Common { dir: dir.to_owned(), word: AtomicU32::new(0), event })
    }

    fn state(&self) -> Result<State<Ticks>> {
        Ok(State::open(self.dir.join("ticks"))?)
    }

    fn futex(&self, operation: libc::c_int, value: u32) {
        let limit = libc::timespec { tv_sec: LIMIT.as_secs() as libc::time_t, tv_nsec: 0 };
        // SAFETY: a word and a time of our own. Not private: as between processes.
        unsafe { libc::syscall(libc::SYS_futex, self.word.as_ptr(), operation, value, &raw const limit) };
    }
}

impl Bell {
    pub fn name(self) -> &'static str {
        match self {
            Bell::Ours => "shmstate, wait_newer",
            Bell::OursFollower => "shmstate, a follower",
            Bell::Futex => "futex",
            Bell::EventFd => "eventfd",
            Bell::Iceoryx => "iceoryx2 event",
        }
    }

    pub fn competes(self) -> bool {
        !matches!(self, Bell::Ours | Bell::OursFollower)
    }

    /// Calls `part` with what sleeps until the waker has woken it once more.
    pub fn sleeper(self, common: &Common, part: Part<'_>) -> Result<()> {
        match self {
            Bell::Ours => {
                let (state, mut version) = (common.state()?, 0);
                part(&mut || {
                    version = state.wait_newer(version, LIMIT)?.context("not woken")?;
                    Ok(())
                })
            }
            Bell::OursFollower => {
                let state = common.state()?;
                let mut follower = state.follow()?;
                part(&mut || follower.wait(LIMIT)?.context("not woken").map(drop))
            }
            Bell::Futex => {
                let mut seen = 0;
                part(&mut || {
                    while common.word.load(SeqCst) == seen {
                        common.futex(libc::FUTEX_WAIT, seen);
                    }
                    seen += 1;
                    Ok(())
                })
            }
            Bell::EventFd => part(&mut || Ok((&common.event).read_exact(&mut [0; 8])?)),
            Bell::Iceoryx => iceoryx::sleeper(&common.dir, part),
        }
    }

    /// Calls `part` with what wakes the sleeper.
    pub fn waker(self, common: &Common, part: Part<'_>) -> Result<()> {
        match self {
            Bell::Ours | Bell::OursFollower => {
                let state = common.state()?;
                part(&mut || Ok(state.update(|s| s.ticks += 1)?))
            }
            Bell::Futex => part(&mut || {
                common.word.fetch_add(1, SeqCst);
                common.futex(libc::FUTEX_WAKE, 1);
                Ok(())
            }),
            Bell::EventFd => part(&mut || Ok((&common.event).write_all(&1u64.to_ne_bytes())?)),
            Bell::Iceoryx => iceoryx::waker(&common.dir, part),
        }
    }
}

#[cfg(feature = "peers")]
mod iceoryx {
    use super::{LIMIT, Part};
    use crate::peers::iceoryx::{Service, node};
    use anyhow::{Context, Result};
    use iceoryx2::prelude::*;
    use iceoryx2::service::port_factory::event::PortFactory;
    use std::path::Path;

    fn event(node: &Node<Service>, dir: &Path) -> Result<PortFactory<Service>> {
        let name = dir.to_str().context("a path of text")?;
        Ok(node.service_builder(&name.try_into()?).event().open_or_create()?)
    }

    pub fn sleeper(dir: &Path, part: Part<'_>) -> Result<()> {
        let node = node(dir)?;
        let event = event(&node, dir)?;
        let listener = event.listener_builder().create()?;
        part(&mut || listener.timed_wait_one(LIMIT)?.context("not woken").map(drop))
    }

    pub fn waker(dir: &Path, part: Part<'_>) -> Result<()> {
        let node = node(dir)?;
        let event = event(&node, dir)?;
        let notifier = event.notifier_builder().create()?;
        part(&mut || Ok(notifier.notify().map(drop)?))
    }
}

#[cfg(not(feature = "peers"))]
mod iceoryx {
    use super::Part;
    use anyhow::{Result, bail};
    use std::path::Path;

    pub fn sleeper(_: &Path, _: Part<'_>) -> Result<()> {
        bail!("the bench was built without its feature `peers`")
    }

    pub use sleeper as waker;
}
