//! What can be archived, where it is written to, and how bytes are checked.

use rkyv::api::high::{HighSerializer, HighValidator};
use rkyv::bytecheck::CheckBytes;
use rkyv::rancor::BoxedError;
use rkyv::ser::allocator::ArenaHandle;
use rkyv::ser::{Positional, Writer};
use rkyv::util::with_arena;
use rkyv::validation::{Validator, archive::ArchiveValidator, shared::SharedValidator};
use rkyv::{Archive, Serialize};
use std::num::NonZero;

/// Archives inside of archives inside of archives: what is nested deeper is refused, for checking it takes stack.
const DEEPEST: usize = 256;

/// A type whose values can be kept in an [`Archived`](crate::Archived): derive rkyv's `Archive` and `Serialize`.
///
/// It is implemented for every type that `rkyv` can serialise and check (its feature `bytecheck`, which is on by default).
///
/// ```
/// #[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
/// struct Config {
///     name: String,
///     routes: Vec<String>,
/// }
///
/// fn is_archivable<A: shmstate::archived::Archivable>() {}
/// is_archivable::<Config>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be archived",
    label = "`{Self}` is no type that rkyv can serialise and check",
    note = "a struct or enum of your own: add `#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]` to it, with the feature `bytecheck` of rkyv 0.8"
)]
pub trait Archivable:
    Archive<Archived: Sync + for<'a> CheckBytes<HighValidator<'a, BoxedError>>>
    + for<'w, 'a> Serialize<HighSerializer<Sink<'w>, ArenaHandle<'a>, BoxedError>>
    + 'static
{
}

// An error names this trait, with what to do instead, and not what rkyv makes of the type.
#[diagnostic::do_not_recommend]
impl<A> Archivable for A
where
    A: Archive + for<'w, 'a> Serialize<HighSerializer<Sink<'w>, ArenaHandle<'a>, BoxedError>> + 'static,
    A::Archived: Sync + for<'a> CheckBytes<HighValidator<'a, BoxedError>>,
{
}

/// Where an archive is written to. Bytes that do not fit are counted, but not written.
#[derive(Debug)]
pub struct Sink<'w> {
    bytes: &'w mut [u8],
    written: usize,
}

impl Positional for Sink<'_> {
    fn pos(&self) -> usize {
        self.written
    }
}

impl<E> Writer<E> for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), E> {
        let end = self.written.saturating_add(bytes.len());
        if let Some(to) = self.bytes.get_mut(self.written..end) {
            to.copy_from_slice(bytes);
        }
        self.written = end;
        Ok(())
    }
}

/// Archives `value` into `bytes`, which begin at a multiple of 16; how many bytes that takes. If they are more than there
/// are, the bytes are no archive.
pub(super) fn write<A: Archivable>(value: &A, bytes: &mut [u8]) -> Result<usize, BoxedError> {
    let sink = Sink { bytes, written: 0 };
    with_arena(|arena| rkyv::api::high::to_bytes_in_with_alloc(value, sink, arena.acquire())).map(|sink| sink.written)
}

/// Checks that `bytes` are an archive of an `A`: that all of it lies inside of them, and is valid.
pub(super) fn check<A: Archivable>(bytes: &[u8]) -> Result<(), BoxedError> {
    let depth = NonZero::new(DEEPEST);
    let mut validator = Validator::new(ArchiveValidator::with_max_depth(bytes, depth), SharedValidator::new());
    rkyv::api::access_with_context::<A::Archived, _, _>(bytes, &mut validator).map(|_| ())
}

/// The archive in `bytes`, aligned to 16.
///
/// # Safety
/// [`check`] has found these bytes to be an archive of an `A`, here or at another multiple of 16.
#[inline]
pub(super) unsafe fn root<A: Archivable>(bytes: &[u8]) -> &A::Archived {
    // SAFETY: the caller's promise; an archive points into itself by distances, so that its place does not matter.
    unsafe { rkyv::access_unchecked::<A::Archived>(bytes) }
}
