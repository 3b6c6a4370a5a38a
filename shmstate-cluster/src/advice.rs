//! Advice in errors about regions that cannot be used. The advice for a [`State`](shmstate::State), to replace or to remove its region, does
//! not fit, because the regions of a machine are filled from the cluster.

use shmstate::{ErrorKind, Remedy};

/// Says what helps, if the region cannot be used.
pub(crate) fn of_region(e: shmstate::Error) -> shmstate::Error {
    let without = match e.kind() {
        ErrorKind::LayoutMismatch => {
            "end the processes that use the state on this machine, run `shmstate_cluster::remove`, and join again; if the cluster's state \
             has not this layout, join with `ClusterState::options().migrate(…)`"
        }
        _ => "end the processes that use the state on this machine, run `shmstate_cluster::remove`, and join again",
    };
    e.with_remedy(|| Remedy { without: without.into(), carry_over: None })
}
