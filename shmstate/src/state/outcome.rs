//! What the closure of an update may return.
//!
//! An update commits whatever its closure returns, so that an `Err` would be committed as well. [`Outcome`] makes that a compile
//! error: it is implemented once for every type, and a second time for `Result`. For a plain type the compiler infers the one
//! marker that fits. For a `Result`, two markers fit, and the compiler refuses to choose. Its message names the parameter and the
//! markers, so their names say what to do.

/// What a closure of [`State::update`](crate::State::update) returns: anything but a `Result`.
///
/// `update` commits in any case. A closure that can fail belongs in [`try_update`](crate::State::try_update) or
/// [`transact`](crate::State::transact), which roll back on `Err`.
///
/// The parameter is inferred. A function that hands a closure on to `update` keeps the check if it repeats the bound:
///
/// ```
/// use shmstate::{Error, Outcome, SharedLayout, State};
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board { ticks: u64 }
///
/// fn tick<R: Outcome<M>, M>(board: &State<Board>, f: impl FnOnce(&mut Board) -> R) -> Result<R, Error> {
///     board.update(|s| {
///         s.ticks += 1;
///         f(s)
///     })
/// }
/// # let dir = tempfile::tempdir()?;
/// # let board = State::<Board>::create(dir.path().join("board"))?;
/// assert_eq!(tick(&board, |s| s.ticks)?, 1);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// To commit what was done and report an error all the same, move the `Result` out of the closure in another way: as a part of a
/// tuple, say, or into a variable outside.
pub trait Outcome<Marker> {}

/// The marker of a closure that cannot fail.
#[derive(Debug)]
pub enum NotAResult {}

/// The marker of a closure that returns a `Result`.
#[derive(Debug)]
pub enum ResultNeedsTryUpdate {}

impl<R> Outcome<NotAResult> for R {}
impl<R, E> Outcome<ResultNeedsTryUpdate> for Result<R, E> {}
