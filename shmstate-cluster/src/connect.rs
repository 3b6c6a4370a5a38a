//! How a connection begins: the machine gets what the cluster has committed meanwhile, and learns what became of its own updates.

use crate::contents::{self, ENTRY, Loaded, Next, Tail, agreed};
use crate::end::End;
use crate::engine::{Appended, Engine};
use crate::entry::{self, Pieces, What};
use crate::incoming::Incoming;
use crate::replica::{NewEntries, Replica, Step};
use shmstate::SharedLayout;
use tokio::time::timeout;

/// Brings the state up to the newest entry, and finds out what became of a batch that was under way. Returns the entries that follow.
pub(crate) async fn connect<T: SharedLayout, E: Engine>(
    incoming: &Incoming<'_, T, E>,
    replica: &mut Replica<'_, T>,
) -> Result<Tail, End> {
    let mut seen = Seen::new(replica);
    let (mut entry, mut why) = match bring_up(incoming, replica, false, &mut seen).await {
        Err(End::Refused { entry, why }) => (entry, why),
        connected => return connected,
    };
    if let Err(e) = replica.stop_before(entry, &seen.entries, seen.committed_before(entry)) {
        // An earlier entry can be whole, and still leave bytes that are no value.
        match incoming.refusal(replica.state(), &seen.entries, e) {
            End::Refused { entry: first, why: of_first } => (entry, why) = (first, of_first),
            end => return Err(end),
        }
        replica.stop_before(entry, &seen.entries, seen.committed_before(entry))?;
    }
    // Another machine may have passed over the entry, and written since what the state is.
    match bring_up(incoming, replica, true, &mut Seen::new(replica)).await {
        Err(End::Refused { .. }) => Err(End::Refused { entry, why }),
        connected => connected,
    }
}

/// The entries that follow the newest one that the state has, as far as they have been seen.
struct Seen {
    entries: NewEntries,
    /// The entry that has the batch of this machine that was under way.
    own: Option<u64>,
    /// Some entries were not seen, because they are not kept any more.
    skips: bool,
}

impl Seen {
    fn new<T: SharedLayout>(replica: &Replica<'_, T>) -> Seen {
        Seen { entries: NewEntries::after(replica.applied(), replica.digest()), own: None, skips: false }
    }

    /// Whether the batch is among those before that entry; `None` if that is not known.
    fn committed_before(&self, entry: u64) -> Option<bool> {
        match self.own {
            Some(own) if own < entry => Some(true),
            Some(_) => None,
            None => (!self.skips).then_some(false),
        }
    }
}

/// To prove that this was the newest entry, the machine appends one of its own after it. So an entry that was sent earlier can no longer
/// be appended after the entry that it was to follow. `takes_all`: takes all of the state, not only the entries that the machine lacks.
async fn bring_up<T: SharedLayout, E: Engine>(
    incoming: &Incoming<'_, T, E>,
    replica: &mut Replica<'_, T>,
    mut takes_all: bool,
    seen: &mut Seen,
) -> Result<Tail, End> {
    let (engine, identity) = (&incoming.engine, incoming.identity);
    let Seen { entries, own, skips } = seen;
    // The number of an entry that exists, because an entry of this machine was refused in its place.
    let mut first = 0;
    let (sent_after, refused, pass_over) = replica.control().read(|c| (c.sent_after, c.refused, c.pass_over))?;
    // The tail starts with the newest entry that the state has: it has to be the same one.
    let mut tail = Tail::after(engine, entries.seq.saturating_sub(1));
    let mut is_same = false;
    loop {
        let newest = engine.newest().await?;
        if newest < entries.seq {
            return Err(End::Lost(made_anew(newest, entries.seq)));
        }
        while entries.seq < newest.max(first) || !is_same {
            let Next { seq, digest, entry } = tail.next_soon().await?;
            if !is_same && digest != entries.digest {
                incoming.check(&entry)?;
            }
            if seq == entries.seq && digest == entries.digest && !takes_all {
                is_same = true;
            } else if is_same && seq == entries.seq + 1 {
                let is_own = entry
                    .as_ref()
                    .is_ok_and(|entry| entry.origin.machine == identity.machine && entry.origin.upto == replica.sent());
                // An entry that does not follow is from a machine that has other entries: no machine applies it.
                if entry.as_ref().is_ok_and(|entry| entry.before != entries.digest) {
                    agreed(engine, [(entries.seq, entries.digest), (seq, digest)]).await?;
                } else if seq != pass_over {
                    if is_own {
                        *own = Some(seq);
                    }
                    let resolved = incoming.resolve(seq, entry).await;
                    if resolved.is_err() {
                        agreed(engine, [(entries.seq, entries.digest), (seq, digest)]).await?;
                    }
                    let (pieces, _) = resolved?;
                    entries.steps.push(Step { seq, digest, pieces });
                }
                (entries.seq, entries.digest) = (seq, digest);
            } else {
                // Entries are not kept any more, or are not those that the state has: take all of the state.
                let Loaded { seq, digest, whole, .. } = contents::load(engine, newest.max(first), pass_over).await?;
                if seq < entries.seq {
                    return Err(End::Lost(made_anew(seq, entries.seq)));
                }
                *skips = true;
                *entries =
                    NewEntries { steps: vec![Step { seq, digest, pieces: incoming.pieces_of(&whole)? }], seq, digest };
                tail = Tail::after(engine, seq.saturating_sub(1));
                (is_same, takes_all) = (false, false);
            }
        }
        // The machine must have what the servers agree on, even if it read from a server that has something else.
        agreed(engine, [(entries.seq, entries.digest)]).await?;
        // If other machines append all the time, this is enough: the place in the log that a batch in doubt was to have is taken.
        if first > 0 && entries.seq > sent_after && pass_over == 0 {
            break;
        }
        let what = if pass_over > 0 {
            // Other machines can go on without that entry only if they learn what the state is.
            let whole = identity.whole(&incoming.with(replica.state(), entries)?);
            What::Whole { content: contents::write_of_entry(engine, entries.seq, whole).await? }
        } else {
            if refused > 0 {
                // Check before appending, so that the log does not grow with each attempt.
                incoming.with(replica.state(), entries)?;
            }
            What::Change { pieces: Pieces::default(), snapshot: None }
        };
        let fence = identity.entry(entries.digest, 0, what).to_bytes();
        let digest = entry::digest(&fence);
        match timeout(2 * ENTRY, engine.append(entries.seq, fence)).await {
            Ok(Ok(Appended::Yes)) => {
                (entries.seq, entries.digest) = (entries.seq + 1, digest);
                break;
            }
            Ok(Ok(Appended::Conflict)) => first = entries.seq + 1,
            Ok(Err(failed)) => return Err(failed.into()),
            Err(_) => return Err(End::Lost("the engine has not answered".into())),
        }
    }
    if replica.control().read(|c| c.snapshots[0] == 0)? {
        let mut found = contents::snapshots(engine).await?.into_iter().map(|(seq, _)| seq);
        let found = [found.next().unwrap_or(0), found.next().unwrap_or(0)];
        replica.control().update(|c| c.snapshots = found)?;
    }
    let committed = seen.committed_before(u64::MAX);
    replica.connect(&seen.entries, committed).map_err(|e| incoming.refusal(replica.state(), &seen.entries, e))?;
    Ok(tail)
}

/// The cluster has fewer entries than a machine.
fn made_anew(newest: u64, applied: u64) -> String {
    format!(
        "the cluster has {newest} entries of the state, and this machine has {applied}: it was made anew, or its servers have not caught \
         up; if it was made anew, end the processes of this machine and run `shmstate_cluster::remove`"
    )
}
