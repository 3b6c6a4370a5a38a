//! A state that goes on in a region of other sizes.

use super::handle::State;
use super::options::Options;
use crate::error::{Error, Trouble};
use crate::layout::SharedLayout;
use crate::os::Deadline;
use crate::region::Successor;

impl<T: SharedLayout> State<T> {
    /// Moves the state, with all that it holds, to a new region of other [`handles`](Options::handles),
    /// [`copies`](Options::copies), [`max_copies`](Options::max_copies) or [`mode`](Options::mode), while other processes use it.
    ///
    /// What is not said in `options` stays as it is in the old region: its sizes, the file's owner, group and mode. Everything
    /// else of the file is that of a new one. The timeout is that of the options. The version counts on, and the move counts as
    /// one commit; other [counters](Self::stats) begin anew.
    ///
    /// This handle is one on the new region then. Others are out of service: their next call is the error
    /// [`Retired`](crate::ErrorKind::Retired), and they [`reopen`](Self::reopen). No update is lost: what was acknowledged in the old
    /// region is in the new one, and nothing is acknowledged in the old one after that. A closure that reads keeps its version
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
    /// [`Retired`](crate::ErrorKind::Retired) if another process was faster; [`Busy`](crate::ErrorKind::Busy) if an update stays until
    /// the time is up, or another process that replaces or removes the region does; [`NoSpace`](crate::ErrorKind::NoSpace);
    /// [`Permission`](crate::ErrorKind::Permission) if the directory is closed to this process, or if the region belongs to
    /// another user or group to which it cannot give a file; [`Unsupported`](crate::ErrorKind::Unsupported) for a state without a name,
    /// or whose name leads elsewhere; [`InvalidOption`](crate::ErrorKind::InvalidOption), also for options with an `init`;
    /// [`Reentrant`](crate::ErrorKind::Reentrant) in an update of the same region;
    /// [`Forked`](crate::ErrorKind::Forked) in a child of the process that opened the handle. Nothing has happened then.
    pub fn recreate(&mut self, options: Options<'_, T>) -> Result<(), Error> {
        let region = self.region();
        region.check()?;
        if options.has_init() {
            let why = "`init`: a state that is recreated has its content already; change it by an update";
            return Err(Trouble::InvalidOption(why.into()).into());
        }
        let options = options.or_as(region.sizes());
        let (plan, mut terms) = (options.plan()?, options.terms()?);
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
            return Err(Trouble::Unsupported { path: region.path().to_owned(), why: why.into() }.into());
        };
        next.region().tell_created();
        *self = next.asked_for(options.asked().copies());
        Ok(())
    }
}
