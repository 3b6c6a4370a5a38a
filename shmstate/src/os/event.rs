//! A descriptor that becomes readable when this process says so.

use super::descriptors::{Guarded, create_event};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::task::Wake;

/// An `eventfd`.
///
/// The program may have closed it, or put a file of its own under the number: then nothing is read or written.
pub(crate) struct EventFd(Guarded);

impl EventFd {
    pub(crate) fn new() -> io::Result<EventFd> {
        Ok(EventFd(create_event()?))
    }

    /// Makes it readable.
    pub(crate) fn set(&self) {
        if self.0.is_ours() {
            // It fails if 2^64 - 2 calls were made since it was cleared: it is readable then.
            let _ = rustix::io::write(&*self.0, &1u64.to_ne_bytes());
        }
    }

    /// Makes it unreadable.
    pub(crate) fn clear(&self) {
        if self.0.is_ours() {
            // It fails if it is that already.
            let _ = rustix::io::read(&*self.0, &mut [0; 8]);
        }
    }
}

/// For a task that sleeps on the descriptor: waking it makes the descriptor readable.
impl Wake for EventFd {
    fn wake(self: Arc<Self>) {
        self.set();
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
