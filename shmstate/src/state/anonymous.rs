//! States without a name, which go from process to process as descriptors.

use super::handle::State;
use super::options::{Options, check_descriptors};
use crate::error::{Error, ErrorRepr};
use crate::layout::SharedLayout;
use crate::os::{self, ANONYMOUS};
use crate::region::Beginning;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

impl<T: SharedLayout> State<T> {
    /// Creates a state without a name, in memory that is gone with the last process that has it.
    ///
    /// Other processes get in by a descriptor: [`share`](Self::share) makes one, [`from_fd`](Self::from_fd) opens it. The memory is
    /// sealed: no process that has the descriptor can truncate it. So, unlike with a file, no access to it can end a process.
    ///
    /// ```
    /// # use shmstate::{SharedLayout, State};
    /// # #[derive(SharedLayout)]
    /// # #[repr(C)]
    /// # struct Board { ticks: u64 }
    /// let board = State::<Board>::anonymous()?;
    /// let descriptor = board.share()?; // for a child: `Command::stdin(descriptor)`, say
    /// let other = State::<Board>::from_fd(descriptor)?; // in the child, of `std::io::stdin()`
    /// other.update(|s| s.ticks = 7)?;
    /// assert_eq!(board.read(|s| s.ticks)?, 7);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`NoSpace`](crate::ErrorKind::NoSpace); [`Unsupported`](crate::ErrorKind::Unsupported) without `/proc`; or what the
    /// operating system says.
    pub fn anonymous() -> Result<Self, Error> {
        Self::options().anonymous()
    }

    /// Opens the anonymous state that another process has [shared](Self::share).
    ///
    /// The descriptor is needed only during the call.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a descriptor of anything else; otherwise as for
    /// [`open`](Self::open).
    pub fn from_fd(descriptor: impl AsFd) -> Result<Self, Error> {
        Self::options().from_fd(descriptor)
    }

    /// A descriptor by which another process can open this anonymous state. A program that is executed does not inherit the
    /// descriptor. Make it the program's standard input, output or error, or send it over a socket.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a state with a name; [`Forked`](crate::ErrorKind::Forked) in a
    /// child of the process that opened the handle; or what the operating system says.
    pub fn share(&self) -> Result<OwnedFd, Error> {
        self.region().check()?;
        if !self.region().is_anonymous() {
            let why =
                "it has a name: let the other process open it by that; only an anonymous state goes by descriptor";
            return Err(ErrorRepr::Unsupported { path: self.region().path().to_owned(), why: why.into() }.into());
        }
        // Not one of the handle's own: those hold its locks, and would hold them for as long as any process has them.
        self.region().reopen().map(os::Guarded::into_fd)
    }
}

impl<T: SharedLayout> Options<'_, T> {
    /// Creates a state without a name: see [`State::anonymous`].
    ///
    /// # Errors
    /// As for [`State::anonymous`]; [`InvalidOption`](crate::ErrorKind::InvalidOption).
    ///
    /// # Panics
    /// With whatever `init` panics.
    pub fn anonymous(self) -> Result<State<T>, Error> {
        let (plan, terms) = (self.plan()?, self.terms()?);
        let file = os::new_anonymous(terms.access, plan.len(), plan.room(), self.limits())?;
        self.fill(&plan, Path::new(ANONYMOUS), &file, Beginning::new())?;
        check_descriptors(Path::new(ANONYMOUS), file.is_ours())?;
        State::attach_new(None, &file, terms)
    }

    /// Opens an anonymous state: see [`State::from_fd`].
    ///
    /// # Errors
    /// As for [`State::from_fd`]; [`InvalidOption`](crate::ErrorKind::InvalidOption).
    pub fn from_fd(self, descriptor: impl AsFd) -> Result<State<T>, Error> {
        let terms = self.terms()?;
        let failed = |e| Error::io(Path::new(ANONYMOUS), "use the descriptor of", e);
        let file = os::duplicate(descriptor).map_err(failed)?;
        os::check_anonymous(terms.access, &file)?;
        self.asked().tell(State::attach_new(None, &file, terms))
    }
}
