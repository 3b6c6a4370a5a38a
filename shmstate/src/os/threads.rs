//! Threads of the library's own. They get no signals.
//!
//! They are made with the C library. A thread of std takes a lock of std when it begins and when it ends. A fork in any other
//! thread may happen while that lock is taken, and the child would then wait for the lock for ever as soon as a call of the library
//! needs a thread. The C library resets its own locks in a child.

use super::signals::Blocked;
use std::any::Any;
use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;

/// Bytes of a thread's stack: many more than the library's own calls take. The program's wakers run on one.
const STACK: usize = 256 << 10;

/// What a thread does.
struct Work<'a> {
    name: &'static CStr,
    run: Box<dyn FnOnce() + Send + 'a>,
}

/// Runs `f` on a thread of that name, for as long as that takes.
pub(crate) fn in_background(name: &'static CStr, f: impl FnOnce() + Send + 'static) -> io::Result<()> {
    // SAFETY: it borrows nothing.
    let thread = unsafe { start(Work { name, run: Box::new(f) }) }?;
    // SAFETY: a thread that nothing else joins or detaches.
    let _ = unsafe { libc::pthread_detach(thread) };
    Ok(())
}

/// Runs `f` on a thread of that name, and `meanwhile` on this one; both have ended when this returns. A panic of either goes on in
/// this thread. `None`: no thread could be started, and nothing was called.
pub(super) fn beside<R>(name: &'static CStr, f: impl FnOnce() + Send, meanwhile: impl FnOnce() -> R) -> Option<R> {
    /// Waits for the thread on every way out.
    struct Join(libc::pthread_t);
    impl Drop for Join {
        fn drop(&mut self) {
            // SAFETY: a thread that is joined here alone.
            let _ = unsafe { libc::pthread_join(self.0, ptr::null_mut()) };
        }
    }
    let mut ended: Result<(), Box<dyn Any + Send>> = Ok(());
    let run = || ended = catch_unwind(AssertUnwindSafe(f));
    // SAFETY: what it borrows lives until it has ended: it is joined below, before anything else of this function's goes.
    let thread = unsafe { start(Work { name, run: Box::new(run) }) }.ok()?;
    let join = Join(thread);
    let result = meanwhile();
    drop(join);
    ended.unwrap_or_else(|panic| resume_unwind(panic));
    Some(result)
}

/// Starts a thread, which is to be joined or detached.
///
/// # Safety
/// What the work borrows lives until the thread has ended.
unsafe fn start(work: Work<'_>) -> io::Result<libc::pthread_t> {
    let mut attributes = MaybeUninit::uninit();
    // SAFETY: room for attributes.
    check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
    // SAFETY: set just now. Where thread-local variables take more, the stack is as large as that of any other thread.
    let _ = unsafe { libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK) };
    let (mut thread, work) = (MaybeUninit::uninit(), Box::into_raw(Box::new(work)));
    let _signals = Blocked::all();
    let mut create = |attributes: *const libc::pthread_attr_t| {
        // SAFETY: room for the thread, attributes or none, and a function that takes the box.
        check(unsafe { libc::pthread_create(thread.as_mut_ptr(), attributes, run, work.cast()) })
    };
    let created = create(attributes.as_ptr()).or_else(|e| match e.raw_os_error() {
        Some(libc::EINVAL) => create(ptr::null()),
        _ => Err(e),
    });
    // SAFETY: initialised above, and not used afterwards.
    let _ = unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    if let Err(e) = created {
        // SAFETY: no thread has taken it.
        drop(unsafe { Box::from_raw(work) });
        return Err(e);
    }
    // SAFETY: the call that succeeded has filled it.
    Ok(unsafe { thread.assume_init() })
}

extern "C" fn run(work: *mut libc::c_void) -> *mut libc::c_void {
    // SAFETY: made by `Box::into_raw` in `start`, and taken here alone.
    let Work { name, run } = *unsafe { Box::from_raw(work.cast::<Work<'_>>()) };
    // SAFETY: a string that ends in a zero.
    let _ = unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    // The hook has reported a panic.
    let _ = catch_unwind(AssertUnwindSafe(run));
    ptr::null_mut()
}

fn check(error: libc::c_int) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn both_have_ended() {
        let (mut here, mut there) = (0, 0);
        let (sender, receiver) = channel();
        let to = &mut there;
        let f = move || *to = receiver.recv().unwrap();
        assert_eq!(beside(c"beside", f, || (here, _) = (1, sender.send(2).unwrap())), Some(()));
        assert_eq!((here, there), (1, 2));
    }

    #[test]
    fn a_panic_on_either_side_comes_after_both() {
        let (sender, ended) = channel();
        let other = sender.clone();
        let here = || beside(c"beside", move || sender.send(1).unwrap(), || panic!("as it is meant to"));
        assert!(catch_unwind(AssertUnwindSafe(here)).is_err());
        assert_eq!(ended.try_recv(), Ok(1));
        let there = || beside(c"beside", || panic!("as it is meant to"), move || other.send(2).unwrap());
        assert!(catch_unwind(AssertUnwindSafe(there)).is_err());
        assert_eq!(ended.try_recv(), Ok(2));
    }

    #[test]
    fn a_thread_in_the_background_has_its_name_and_no_signals() {
        let (sender, receiver) = channel();
        let f = move || {
            let mut blocked = MaybeUninit::uninit();
            // SAFETY: no set to take over, and room for one.
            unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), blocked.as_mut_ptr()) };
            // SAFETY: filled by the call.
            let blocked = unsafe { blocked.assume_init() };
            let name = std::fs::read_to_string("/proc/thread-self/comm").ok();
            // SAFETY: a set.
            sender.send((name, unsafe { libc::sigismember(&raw const blocked, libc::SIGALRM) })).unwrap();
        };
        in_background(c"shmstate-test", f).unwrap();
        let (name, blocks) = receiver.recv().unwrap();
        assert!(name.is_none_or(|name| name == "shmstate-test\n"));
        assert_eq!(blocks, 1);
    }
}
