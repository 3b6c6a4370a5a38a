//! The link of a machine to its cluster: one thread of one of its processes, the elected one.

use crate::end::End;
use crate::engine::{Engine, Failed};
use crate::identity::Identity;
use crate::replica::Replica;
use crate::session::Session;
use shmstate::SharedLayout;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long the link waits before it connects again.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 5 } else { 200 });

/// Why there is no connection to a state of another layout.
const REPLACED: &str = "the cluster's state has another layout by now";

/// Runs the link on an engine that `connect` connects to, until it is stopped.
pub(crate) async fn run<T: SharedLayout, E: Engine, F: Future<Output = Result<E, Failed>>>(
    connect: impl Fn() -> F,
    identity: &Identity,
    replica: &mut Replica<'_, T>,
    stop: &Arc<Notify>,
) -> End {
    loop {
        let connected = tokio::select! {
            connected = connect() => connected,
            () = stop.notified() => return End::Stopped,
        };
        let end = match connected {
            Ok(engine) => tokio::select! {
                end = Session::new(engine, identity, replica).run() => end,
                () = stop.notified() => End::Stopped,
            },
            Err(failed) => End::Lost(failed.0),
        };
        let why = match end {
            End::Lost(why) => why,
            End::Refused { entry, why } => {
                if let Err(e) = replica.refuse(entry, &why) {
                    return e.into();
                }
                why
            }
            End::Replaced => {
                // What was not sent has not happened.
                return replica.disconnect(REPLACED).map_or_else(End::Unable, |()| End::Replaced);
            }
            end => return end,
        };
        let paused = Instant::now() + PAUSE;
        loop {
            // Undo updates that began before the disconnection was noted, so that their processes learn why.
            if let Err(e) = replica.disconnect(&why) {
                return e.into();
            }
            tokio::select! {
                () = tokio::time::sleep_until(paused) => break,
                () = stop.notified() => return End::Stopped,
                changed = replica.ahead().changed(replica.seen()) => if let Err(e) = changed {
                    return e.into();
                },
            }
        }
    }
}
