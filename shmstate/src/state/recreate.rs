//! A state that goes on in a region of other sizes.

use super::handle::State;
use super::options::Options;
use crate::error::{Error, ErrorRepr};
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::region::Successor;

impl<T: SharedLayout> State<T> {
    /// Moves the state, with all that it holds, to a new region of other [`handles`](Options::handles),
    /// [`copies`](Options::copies), [`max_copies`](Options::max_copies) or [`mode`](Options::mode), while other processes use it.
    ///
    /// What `options` leave open stays as it is in the old region: its sizes, and the file's owner, group and mode. Everything else
    /// of the file is that of a new file. The timeout is that of the options. The version counts on, and the move counts as one
    /// commit; other [counters](Self::stats) begin anew.
    ///
    /// Afterwards, this handle is one on the new region. Other handles are out of service: their next call returns the error
    /// [`Retired`](crate::ErrorKind::Retired), and they [`reopen`](Self::reopen). No update is lost: what was acknowledged in the
    /// old region is in the new one, and nothing is acknowledged in the old one after that. A closure that reads keeps its version
    /// until it returns. If this process dies, either the old region is in service or the new one.
    ///
    /// Updates wait while the state is copied. Until the last old handle is dropped, both regions take memory.
    ///
    /// ```
    /// # use shmstate::State;
    /// # let dir = tempfile::tempdir()?;
    /// # let name = dir.path().join("number");
    /// let mut state = State::<u64>::options().handles(2).create(&name)?;
    /// state.update(|n| *n = 7)?;
    /// state.recreate(State::options().handles(100))?;
    /// assert_eq!((state.read(|n| *n)?, state.version()?), (7, 2));
    /// assert_eq!(state.stats()?.handles, 100);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Retired`](crate::ErrorKind::Retired) if another process was faster; [`Busy`](crate::ErrorKind::Busy) if an update, or
    /// another process that replaces or removes the region, does not finish before the timeout;
    /// [`NoSpace`](crate::ErrorKind::NoSpace); [`Permission`](crate::ErrorKind::Permission) if the directory is closed to this
    /// process, or if the region belongs to another user or group to which it cannot give a file;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a state without a name, or whose name leads elsewhere;
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption), also for options with an `init`;
    /// [`Reentrant`](crate::ErrorKind::Reentrant) in an update of the same region; [`Forked`](crate::ErrorKind::Forked) in a child
    /// of the process that opened the handle. Nothing has happened then.
    pub fn recreate(&mut self, options: Options<'_, T>) -> Result<(), Error> {
        let region = self.region();
        region.check()?;
        if options.has_init() {
            let why = "`init`: a state that is recreated has its content already; change it by an update";
            return Err(ErrorRepr::InvalidOption(why.into()).into());
        }
        let options = options.or_as(region.sizes());
        let (mut terms, plan) = (options.terms()?, options.plan()?);
        if options.asked_mode().is_none() {
            terms.access = self.terms().access;
        }
        let successor = Successor { plan: &plan, mode: options.asked_mode(), limits: options.limits() };
        let next = region.succeed(
            &successor,
            &mut Deadline::new(terms.timeout),
            |current, state| {
                state.copy_from_slice(current.bytes);
                Ok(())
            },
            |region_path, new| State::attach_new(Some(region_path), new.file(), terms),
        )?;
        let Some(next) = next else {
            if !region.is_in_service()? {
                return Err(region.retired());
            }
            let why = "its name leads elsewhere by now: it was removed or renamed, and goes on for the processes that have it";
            return Err(ErrorRepr::Unsupported { path: region.path().to_owned(), why: why.into() }.into());
        };
        next.region().tell_created();
        *self = next.asked_for(options.asked().copies());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::layout::Schema;
    use crate::os::Limits;
    use crate::region::{Current, Plan};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Moves the state to a new region of the same sizes, which `fill` fills.
    fn filled(
        state: &State<bool>,
        fill: impl FnOnce(Current<'_>, &mut [u8]) -> Result<(), Error>,
    ) -> Result<State<bool>, Error> {
        let plan = Plan::new(Schema::of(bool::LAYOUT), state.region().sizes())?;
        let successor = Successor { plan: &plan, mode: None, limits: Limits::Respected };
        let clock = &mut Deadline::new(state.timeout());
        let attach = |path: &_, new: &crate::os::NewFile| State::attach_new(Some(path), new.file(), state.terms());
        state.region().succeed(&successor, clock, fill, attach).map(|next| next.expect("it has its name"))
    }

    /// Waits for a child, which was content if it ended with 0.
    fn wait_for(child: libc::pid_t) {
        let mut status = 0;
        // SAFETY: a place for the status.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0, "the child is not content");
    }

    #[test]
    fn what_fills_the_new_region_may_fail_panic_and_fork() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("flag");
        let state = State::<bool>::create(&path).unwrap();
        let other = state.try_clone().unwrap();
        let names = || std::fs::read_dir(dir.path()).unwrap().count();
        let goes_on = |version: u64| {
            assert_eq!((names(), state.version().unwrap()), (1, version));
            state.update(|flag| *flag = !*flag).unwrap();
        };

        let failed = filled(&state, |current, to| {
            assert_eq!((current.version, current.bytes, &*to), (0, &[0][..], &[0][..]));
            // It would wait for itself.
            Err(other.update(|_| panic!("it does not run")).unwrap_err())
        });
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Reentrant);
        goes_on(0);
        let damaged = filled(&state, |_, to| {
            to[0] = 2;
            Ok(())
        });
        assert_eq!(damaged.unwrap_err().kind(), ErrorKind::Corrupt);
        goes_on(1);
        let panicked = catch_unwind(AssertUnwindSafe(|| filled(&state, |_, _| panic!("for the test"))));
        assert!(panicked.is_err());
        goes_on(2);

        let forked = filled(&state, |current, to| {
            // SAFETY: the child does what follows, and ends.
            let child = unsafe { libc::fork() };
            if child != 0 {
                wait_for(child);
                to.copy_from_slice(current.bytes);
            }
            Ok(())
        });
        let next = match forked {
            Ok(next) => next,
            Err(e) => {
                // The child has left the closure, and everything around it, to its parent.
                let content = e.kind() == ErrorKind::Forked;
                // SAFETY: no pointers.
                unsafe { libc::_exit(i32::from(!content)) }
            }
        };
        assert_eq!((next.version().unwrap(), next.read(|flag| *flag).unwrap()), (4, true));
        assert_eq!(state.update(|flag| *flag = false).unwrap_err().kind(), ErrorKind::Retired);
        assert_eq!(names(), 1);
    }
}
