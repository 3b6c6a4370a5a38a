//! Threads with a descriptor table of their own.
//!
//! The kernel looks a number up anew at each system call, and another thread of the program may have closed it meanwhile, or have
//! put a file of the program's under it (`closefrom`, `dup2`). So a call that would harm such a file is made on a thread that has a
//! table of its own: nothing else can replace what is open there. Such a thread lives for one call of the library, runs nothing of
//! the program's, and gets no signals.
//!
//! A sandbox or a limit may not allow such a thread. Then the calling thread does the work, and checks each number before.

use super::threads::beside;
use std::cell::Cell;
use std::os::fd::RawFd;
use std::sync::mpsc::channel;

thread_local! {
    /// Whether this thread has a table of its own.
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Whether nothing can replace a descriptor of this thread's.
pub(super) fn is_own() -> bool {
    ALONE.get()
}

/// The entry of a descriptor of this thread's.
pub(super) fn entry(fd: RawFd) -> String {
    if is_own() { format!("/proc/thread-self/fd/{fd}") } else { format!("/proc/self/fd/{fd}") }
}

/// Calls `f` where no other thread can replace a descriptor, if that is possible. What is open under the numbers `keep` is open
/// there as well, and nothing else; `f` has to check what it is. What `f` opens is closed afterwards.
pub(super) fn undisturbed<R: Send>(keep: &[RawFd], f: impl FnOnce() -> R + Send) -> R {
    let mut f = Some(f);
    if !is_own()
        && let Some(result) = on_a_thread(keep, || f.take().map(|f| f()), |result, _| result).flatten()
    {
        return result;
    }
    // It is there, because nothing has called it.
    match f {
        Some(f) => f(),
        None => unreachable!("called where its result was lost"),
    }
}

/// Calls `make` as [`undisturbed`] does, and then `take` on this thread, with the directory in which the descriptors that
/// `make` has opened are entries. `None`: no such thread can be had, and nothing was called.
pub(super) fn made_undisturbed<M: Send, R>(
    keep: &[RawFd],
    make: impl FnOnce() -> M + Send,
    take: impl FnOnce(M, &str) -> R,
) -> Option<R> {
    if is_own() { None } else { on_a_thread(keep, make, take) }
}

fn on_a_thread<M: Send, R>(
    keep: &[RawFd],
    make: impl FnOnce() -> M + Send,
    take: impl FnOnce(M, &str) -> R,
) -> Option<R> {
    let ((made, result), (done, is_done)) = (channel(), channel::<()>());
    let work = move || {
        // SAFETY: no pointers.
        let entries = format!("/proc/self/task/{}/fd", unsafe { libc::syscall(libc::SYS_gettid) });
        if leave_table(keep) {
            ALONE.set(true);
            let _ = made.send((make(), entries));
            // What was made stays open until it is taken.
            let _ = is_done.recv();
            close_table();
        }
    };
    let taken = move || {
        // Dropped on the way out, so that the thread does not wait for one that has panicked.
        let _done = done;
        result.recv().ok().map(|(made, entries)| take(made, &entries))
    };
    beside(c"shmstate", work, taken).flatten()
}

/// Gives this thread a table of its own, in which what is open under the numbers `keep` is open, and nothing else as far as
/// the kernel can say that at once.
fn leave_table(keep: &[RawFd]) -> bool {
    let last = keep.iter().max().map_or(0, |last| last.cast_unsigned() + 1);
    // SAFETY: no pointers. No other thread uses the table that this makes.
    let close = |from: u32, to: u32, flags: u32| unsafe { libc::syscall(libc::SYS_close_range, from, to, flags) } == 0;
    // SAFETY: as above.
    if !close(last, libc::c_uint::MAX, libc::CLOSE_RANGE_UNSHARE) && unsafe { libc::unshare(libc::CLONE_FILES) } != 0 {
        return false;
    }
    // The program's descriptors: kept open here, they would not be closed when the program closes them.
    let (mut numbers, mut from) = (keep.to_vec(), 0);
    numbers.sort_unstable();
    for number in numbers.into_iter().map(RawFd::cast_unsigned) {
        if from < number && !close(from, number - 1, 0) {
            // SAFETY: no pointers; the table is this thread's.
            (from..number).for_each(|fd| _ = unsafe { libc::close(fd.cast_signed()) });
        }
        from = number + 1;
    }
    true
}

/// Closes what is open in this thread's own table. The kernel would also do so when the thread ends, but only after other threads
/// see that it has ended: the room that a file has reserved would still be missing then.
fn close_table() {
    // SAFETY: no pointers; the table is this thread's. A kernel without this call closes it later.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn what_is_closed_there_is_open_here() {
        let [kept, other] = [(); 2].map(|()| tempfile::tempfile().unwrap());
        let numbers = [kept.as_raw_fd(), other.as_raw_fd()];
        // SAFETY: no pointers.
        let are_open = move || numbers.map(|fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } != -1);
        let make = || {
            let before = are_open();
            // SAFETY: the number is open in this table.
            unsafe { libc::close(numbers[0]) };
            (is_own(), before, are_open())
        };
        let is_there = |entries: &str| numbers.map(|fd| std::fs::metadata(format!("{entries}/{fd}")).is_ok());
        let Some(taken) = made_undisturbed(&numbers[..1], make, |made, entries| (made, is_there(entries))) else {
            return println!("skipped: this process may not have another table");
        };
        assert_eq!(taken, ((true, [true, false], [false; 2]), [false; 2]));
        assert_eq!(are_open(), [true; 2]);
    }

    #[test]
    fn what_goes_wrong_there_is_told_here() {
        let panics = || undisturbed(&[], || panic!("as it is meant to"));
        assert!(std::panic::catch_unwind(panics).is_err());
        assert!(!is_own() && undisturbed(&[], || undisturbed(&[], || 7)) == 7);
    }
}
