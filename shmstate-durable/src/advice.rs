//! Advice in errors about regions that cannot be used. The advice for a [`State`](shmstate::State), to replace or to remove its region, does
//! not fit, because a durable state has a store.

use crate::error::Error;
use crate::paths::Paths;
use shmstate::{CarryOver, ErrorKind, Remedy};
use std::path::Path;

/// Says what helps, if the region of the state cannot be used.
pub(crate) fn of_state(paths: &Paths) -> impl Fn(Error) -> Error + Copy {
    let carry_over = || {
        let dir = paths.store.parent().unwrap_or(Path::new(""));
        CarryOver { handle: "DurableState", open: format!(".open({:?}, {dir:?})", paths.region) }
    };
    move |e| {
        let Error::State(e) = e else { return e };
        let (without, carry_over) = match e.kind() {
            ErrorKind::LayoutMismatch => {
                ("open the state under another name, which has a store of its own", Some(carry_over()))
            }
            _ => (
                "end the processes that use it, and remove it with `shmstate_durable::remove`: what the store has is restored at \
                 the next opening",
                None,
            ),
        };
        Error::State(e.with_remedy(|| Remedy { without: without.into(), carry_over }))
    }
}

/// Says what helps, if a region by which the processes agree cannot be used.
pub(crate) fn of_control(e: shmstate::Error) -> Error {
    let without = match e.kind() {
        ErrorKind::LayoutMismatch => {
            "open the durable state under another name; or, if this region was made by another version of shmstate-durable, end the \
             processes that use the state, and run `shmstate_durable::remove`, which leaves its store"
        }
        _ => "end the processes that use the durable state, and run `shmstate_durable::remove`, which leaves its store",
    };
    Error::State(e.with_remedy(|| Remedy { without: without.into(), carry_over: None }))
}
