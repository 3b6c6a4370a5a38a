//! Whether what many processes saw and did is what one state, updated one by one, would have shown them.

use crate::{Entry, Kind};

/// All that happened to a region from version `first` to version `last`.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// The version before anything happened.
    pub first: u64,
    /// The version when all had ended.
    pub last: u64,
    /// What each version has to be, from `first` on.
    pub digests: &'a [u64],
    /// What each thread did, in its order.
    pub lives: &'a [Vec<Entry>],
    /// Threads that died in mid-life, at most: each of them can have cut off an update.
    pub deaths: u64,
}

/// At most that many violations of one round are reported.
const MOST_REPORTED: usize = 12;

impl History<'_> {
    /// Everything that cannot be; empty if all is well. Apart from one sort by time, it takes one pass.
    ///
    /// # Panics
    /// If there are fewer digests than versions.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let versions = (self.last - self.first) as usize;
        assert!(self.digests.len() > versions, "a digest for each version");
        // Which life acknowledged each version after the first: 0, or life + 1.
        let mut makers = vec![0usize; versions + 1];
        let (mut acknowledged, mut cut_off) = (0u64, 0u64);
        // (time, is an end, life, entry): at the same time, begins come first, so that the clock wrongs none.
        let mut events = Vec::new();
        for (life, entries) in self.lives.iter().enumerate() {
            let mut before = 0;
            for (at, entry) in entries.iter().enumerate() {
                if entry.after == 0 {
                    cut_off += u64::from(entry.kind == Kind::Update);
                    continue;
                }
                if !matches!(entry.kind, Kind::Update | Kind::Read | Kind::Snapshot | Kind::Open) {
                    continue;
                }
                let label = format!("life {life}, entry {at} ({:?} of version {})", entry.kind, entry.version);
                if entry.version < before {
                    wrong.push(format!("{label}: after version {before}"));
                }
                before = before.max(entry.version);
                if entry.after < entry.before {
                    wrong.push(format!("{label}: time goes back"));
                }
                if !(self.first..=self.last).contains(&entry.version) {
                    wrong.push(format!("{label}: versions are {} to {}", self.first, self.last));
                    continue;
                }
                let index = (entry.version - self.first) as usize;
                if entry.digest != 0 && entry.digest != self.digests[index] {
                    wrong.push(format!("{label}: its content is not what the version has to be"));
                }
                if entry.kind == Kind::Update {
                    acknowledged += 1;
                    match makers[index] {
                        _ if index == 0 => wrong.push(format!("{label}: it was there before")),
                        0 => makers[index] = life + 1,
                        other => wrong.push(format!("{label}: also acknowledged by life {}", other - 1)),
                    }
                }
                events.push((entry.before, false, life, at));
                events.push((entry.after, true, life, at));
            }
        }
        // What was not acknowledged was made by a process that died before it could acknowledge it.
        let made = self.last - self.first;
        if acknowledged > made {
            wrong.push(format!("{acknowledged} updates were acknowledged, and {made} versions made"));
        }
        if made > acknowledged + cut_off.min(self.deaths) {
            wrong.push(format!(
                "{made} versions were made, {acknowledged} updates acknowledged, {cut_off} cut off by {} deaths",
                self.deaths
            ));
        }
        if cut_off > self.deaths {
            wrong.push(format!("{cut_off} updates were cut off by {} deaths", self.deaths));
        }
        // Real-time order: what begins after something has ended sees that, or what came later.
        events.sort_unstable();
        let mut floor = self.first;
        for (_, is_end, life, at) in events {
            let entry = &self.lives[life][at];
            if is_end {
                floor = floor.max(entry.version);
                continue;
            }
            let least = floor + u64::from(entry.kind == Kind::Update);
            if entry.version < least {
                let kind = entry.kind;
                wrong.push(format!(
                    "life {life}, entry {at} ({kind:?} of version {}): began after version {floor} was seen",
                    entry.version
                ));
            }
        }
        if wrong.len() > MOST_REPORTED {
            let more = wrong.len() - MOST_REPORTED;
            wrong.truncate(MOST_REPORTED);
            wrong.push(format!("... and {more} more"));
        }
        wrong
    }
}
