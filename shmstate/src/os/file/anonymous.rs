//! Files without a name: memory that is reached by a descriptor alone.

use super::create::Made;
use super::reserve::extend;
use super::{Access, Limits};
use crate::error::{Error, ErrorRepr};
use crate::os::descriptors::{Guarded, create_memory};
use crate::os::own_table::made_undisturbed;
use rustix::fs::{MemfdFlags, Mode, SealFlags};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::Path;

pub(crate) use crate::error::ANONYMOUS;

/// No process can truncate the file, which others have mapped, or make it longer.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// What a mode says of executing the file, which is no program.
const EXECUTABLE: u32 = 0o111;

/// A sealed file of `len` zero bytes, of which the first `room` have memory.
pub(crate) fn new_anonymous(access: Access, len: u64, room: u64, limits: Limits) -> Result<Guarded, Error> {
    let make = || make(access, len, room, limits);
    let take = |made: Result<Made, Error>, entries: &str| Ok::<_, Error>(made?.take(entries));
    match made_undisturbed(&[], make, take) {
        // Without `/proc`, it cannot be taken over.
        None | Some(Ok(Err(Errno::NOENT | Errno::ACCESS))) => make().map(Made::here),
        Some(taken) => taken?.map_err(|e| Error::io(Path::new(ANONYMOUS), "open a second time", e)),
    }
}

fn make(access: Access, len: u64, room: u64, limits: Limits) -> Result<Made, Error> {
    let path = Path::new(ANONYMOUS);
    let failed = |doing| move |e: Errno| Error::io(path, doing, e);
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = match create_memory("shmstate", flags | MemfdFlags::NOEXEC_SEAL) {
        // Kernels before 6.3 do not know that flag.
        Err(Errno::INVAL) => create_memory("shmstate", flags),
        file => file,
    }
    .map_err(failed("create"))?;
    let check = || file.check().map_err(|e| Error::io(path, "create", e));
    check()?;
    extend(path, &file, len, room, limits)?;
    check()?;
    // The seal keeps the rights to execute from it.
    let mode = Mode::from_raw_mode(access.mode & !EXECUTABLE);
    rustix::fs::fchmod(&file, mode).map_err(failed("set the mode of"))?;
    check()?;
    rustix::fs::fcntl_add_seals(&file, SEALS).map_err(failed("seal"))?;
    Ok(Made::new(file))
}

/// Checks that a descriptor that was handed over is one of such a file, which may be trusted.
pub(crate) fn check_anonymous(access: Access, file: &OwnedFd) -> Result<(), Error> {
    let path = Path::new(ANONYMOUS);
    let stat = rustix::fs::fstat(file).map_err(|e| Error::io(path, "look at", e))?;
    super::check_kind(path, &stat)?;
    let seals = rustix::fs::fcntl_get_seals(file).unwrap_or(SealFlags::empty());
    let unsupported = |why: &str| Err(ErrorRepr::Unsupported { path: path.to_owned(), why: why.into() }.into());
    if !seals.contains(SEALS) {
        return unsupported(
            "the descriptor is none of a sealed region, as `State::share` gives it: a process that has it could cut the memory off \
             under this process; open a region with a name by its name",
        );
    }
    if seals.intersects(SealFlags::WRITE | SealFlags::FUTURE_WRITE) {
        return unsupported("it is sealed against writing as well, so that no process can take part in it any more");
    }
    access.check(path, &stat)
}
