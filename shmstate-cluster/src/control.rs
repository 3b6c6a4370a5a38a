//! What the processes of a machine tell each other, in a small region beside the state's.
//!
//! The link writes the region, and every process waits on it. It says whether there is a connection, and what became of each update.

use shmstate::{Ring, SharedLayout, Text, Timestamp};

/// What the processes of one machine share.
#[derive(SharedLayout)]
#[repr(C)]
pub(crate) struct Control {
    /// A random number that no other machine has; 0 until the regions are there.
    pub(crate) machine: u128,
    /// A random number that no other state has.
    pub(crate) cluster: u128,
    /// The lineages of the state's region, and of the one ahead.
    pub(crate) state: u128,
    pub(crate) ahead: u128,
    /// The number of the log's entries that the state has. The state may have one more, or, after a lost connection, all of them.
    pub(crate) applied: u64,
    /// The digest of the last one of these entries.
    pub(crate) digest: u64,
    /// The version of the state ahead up to which it is known what became of each update.
    pub(crate) settled: u64,
    /// The batch that is under way: the entry that it was to follow, and the version that it reaches to; 0 if there is none.
    pub(crate) sent_after: u64,
    pub(crate) sent_upto: u64,
    /// The next entry, if the state cannot take it, or 0. Then an entry that is passed over, or 0.
    pub(crate) refused: u64,
    pub(crate) pass_over: u64,
    /// Snapshots of the cluster: the entry of the newest one, and that of the one before.
    pub(crate) snapshots: [u64; 2],
    /// When it was last known that this machine has the newest version.
    pub(crate) heard: Timestamp,
    /// Updates can be sent.
    pub(crate) connected: bool,
    /// The cluster's state has another layout by now.
    pub(crate) replaced: bool,
    _pad: [u8; 2],
    /// The process that is the link, or that died as the link; 0 if the last link has ended.
    pub(crate) link: u32,
    /// The versions of the state ahead that were undone, newest last.
    pub(crate) undone: Ring<Undone, 4096>,
    /// Why there is no connection.
    pub(crate) why: Text<504>,
}

/// Versions of the state ahead.
#[derive(SharedLayout, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub(crate) struct Undone {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// Nonzero if it is unknown whether the cluster has them.
    pub(crate) in_doubt: u64,
}

/// What became of an update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// The cluster has it.
    Committed,
    /// It has not happened.
    Undone,
    /// It is not known any more.
    InDoubt,
}

impl Control {
    /// What became of the update that made this version of the state ahead; `None` if that is not known yet.
    pub(crate) fn outcome(&self, version: u64) -> Option<Outcome> {
        for undone in self.undone.iter().rev().take_while(|undone| undone.last >= version) {
            if undone.first <= version {
                return Some(if undone.in_doubt != 0 { Outcome::InDoubt } else { Outcome::Undone });
            }
        }
        if version > self.settled {
            return None;
        }
        // An entry that was pushed out of the ring may have been about this version.
        let is_known = !self.undone.is_full() || self.undone.iter().next().is_none_or(|oldest| oldest.first <= version);
        Some(if is_known { Outcome::Committed } else { Outcome::InDoubt })
    }

    /// Notes that those versions were undone.
    pub(crate) fn undo(&mut self, first: u64, last: u64, in_doubt: bool) {
        if first <= last {
            self.undone.push(Undone { first, last, in_doubt: in_doubt.into() });
        }
    }

    /// Notes what became of the versions up to `last`, which has the content of the state. Those up to `sent` were in doubt (0: none
    /// were): they are `committed` or not, or that is not known. All others were undone.
    pub(crate) fn settle(&mut self, sent: u64, last: u64, committed: Option<bool>) {
        let settled = self.settled;
        if sent > settled && committed != Some(true) {
            self.undo(settled + 1, sent, committed.is_none());
        }
        // This may repeat what was noted already: the ring must be in the order of versions, newest last.
        self.undo(settled.max(sent) + 1, last.saturating_sub(1), false);
        (self.settled, self.sent_after, self.sent_upto) = (last, 0, 0);
    }

    /// Notes that updates cannot be sent, and why.
    pub(crate) fn disconnect(&mut self, why: &str) {
        self.connected = false;
        set(&mut self.why, why);
    }
}

/// Sets a text, cut off to what fits.
pub(crate) fn set<const N: usize>(text: &mut Text<N>, to: &str) {
    let end = (0..=N.min(to.len())).rev().find(|end| to.is_char_boundary(*end)).unwrap_or(0);
    if text.set(&to[..end]).is_err() {
        text.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_update_has_the_outcome_of_its_own_version() {
        let mut control = Control::new_box();
        control.settled = 10;
        control.undo(4, 6, false);
        control.undo(9, 9, true);
        control.undo(12, 13, false);
        let outcomes: Vec<_> = (3..15).map(|version| control.outcome(version)).collect();
        let (yes, no, doubt) = (Some(Outcome::Committed), Some(Outcome::Undone), Some(Outcome::InDoubt));
        assert_eq!(outcomes, [yes, no, no, no, yes, yes, doubt, yes, None, no, no, None]);
    }

    /// A batch that was in doubt is not in the log. Versions that were undone before the batch come after it in the order of versions.
    #[test]
    fn what_was_undone_before_is_undone_after() {
        let mut control = Control::new_box();
        control.settled = 4;
        control.undo(6, 7, false);
        control.settle(5, 9, Some(false));
        let outcomes: Vec<_> = (4..10).map(|version| control.outcome(version)).collect();
        let (yes, no) = (Some(Outcome::Committed), Some(Outcome::Undone));
        assert_eq!(outcomes, [yes, no, no, no, no, yes]);
        control.undo(11, 12, false);
        control.settle(10, 13, Some(true));
        let outcomes: Vec<_> = (9..14).map(|version| control.outcome(version)).collect();
        assert_eq!(outcomes, [yes, yes, no, no, yes]);
        control.settle(15, 16, None);
        assert_eq!((control.outcome(14), control.outcome(15)), (Some(Outcome::InDoubt), Some(Outcome::InDoubt)));
    }

    #[test]
    fn what_is_not_known_any_more_is_in_doubt() {
        let mut control = Control::new_box();
        for n in 1..=4100 {
            control.undo(10 * n, 10 * n + 1, false);
        }
        control.settled = 100_000;
        assert_eq!(control.outcome(10), Some(Outcome::InDoubt));
        assert_eq!(control.outcome(49), Some(Outcome::InDoubt));
        assert_eq!(control.outcome(50), Some(Outcome::Undone));
        assert_eq!(control.outcome(52), Some(Outcome::Committed));
    }
}
