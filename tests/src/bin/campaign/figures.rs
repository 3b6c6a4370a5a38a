//! What is counted, and the table that tells it.

use crate::part::Role;
use comfy_table::{CellAlignment, Table, presets};
use shmstate_tests::{Entry, Kind};

/// How a process was killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    Running,
    Stopped,
    Starting,
}

/// Where orphans stand, after the roles.
pub const ORPHAN: usize = Role::ALL.len();

#[derive(Default)]
pub struct Figures {
    pub rounds: u64,
    /// By victim and [`How`].
    pub kills: [[u64; 3]; ORPHAN + 1],
    pub suicides: u64,
    pub forks: u64,
    pub cut_off: u64,
    pub stops: u64,
    pub orphans: u64,
    pub processes: u64,
    pub in_namespaces: u64,
    pub recoveries: u64,
    pub versions: u64,
    /// By [`Kind`].
    pub done: [u64; 13],
    /// From the kill of a writer to the next update that succeeded, in ns, without those during which a process was
    /// stopped. There may be no writer left until another one has started.
    pub gaps: Vec<u64>,
    /// Of that, the time since that update began: what a writer that is there has to wait.
    pub waits: Vec<u64>,
    /// From the kill of a writer to when it was seen to have ended, in ns, without those that were stopped: the kernel lets
    /// go of what it had only then, and it needs a processor to die on.
    pub ends: Vec<u64>,
}

impl Figures {
    pub fn count(&mut self, life: &[Entry]) {
        for entry in life {
            self.done[entry.kind as usize] += u64::from(entry.after != 0);
            self.forks += u64::from(entry.kind == Kind::Fork);
            self.suicides += u64::from(entry.kind == Kind::Death);
            self.cut_off += u64::from(entry.kind == Kind::Update && entry.after == 0);
        }
    }

    pub fn killed(&self) -> u64 {
        self.kills.iter().flatten().sum::<u64>() + self.suicides
    }

    /// The table, and nothing but it.
    pub fn table(&mut self, violations: usize) -> String {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["what", "how many", "of these"]);
        let killed = self.killed();
        let mut row = |what: &str, n: u64, of: String| {
            table.add_row([what.to_owned(), n.to_string(), of]);
        };
        let done = |kind: Kind| self.done[kind as usize];
        row("rounds", self.rounds, String::new());
        row(
            "processes started",
            self.processes,
            format!("{} as the first of a PID namespace of their own", self.in_namespaces),
        );
        row("kills", killed, String::new());
        for (victim, [running, stopped, starting]) in self.kills.iter().enumerate() {
            let name = Role::ALL.get(victim).map_or("orphan", |role| role.name());
            row(
                &format!("kills: {name}s"),
                running + stopped + starting,
                format!("{stopped} stopped, {starting} just started"),
            );
        }
        row("kills: by themselves, in an update", self.suicides, String::new());
        row("updates cut off by a death", self.cut_off, String::new());
        row("recoveries", self.recoveries, "as seen in the file".into());
        row("stops", self.stops, String::new());
        row("forks", self.forks, format!("{} children outlived their parent", self.orphans));
        row("execs", done(Kind::Exec), String::new());
        row("threads that came and went", done(Kind::Thread), String::new());
        row("handles opened", done(Kind::Open), format!("{} dropped in mid-life", done(Kind::Drop)));
        row(
            "removals of the other region",
            done(Kind::Remove),
            format!("{} times plainly created", done(Kind::Create)),
        );
        row("updates acknowledged", done(Kind::Update), format!("{} versions", self.versions));
        row("updates rolled back", done(Kind::RollBack), String::new());
        row("reads", done(Kind::Read), String::new());
        row("snapshots", done(Kind::Snapshot), String::new());
        row("kill of a writer to next update", self.gaps.len() as u64, spread(&mut self.gaps));
        row("of that, since the update began", self.waits.len() as u64, spread(&mut self.waits));
        row("kill of a writer to its end", self.ends.len() as u64, spread(&mut self.ends));
        row("violations", violations as u64, String::new());
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.to_string()
    }
}

/// Percentiles of times in ns.
fn spread(times: &mut [u64]) -> String {
    times.sort_unstable();
    let part = |part: f64| {
        let at = ((times.len() as f64 * part) as usize).min(times.len().saturating_sub(1));
        times.get(at).map_or(0.0, |ns| *ns as f64 / 1e6)
    };
    format!("p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", part(0.5), part(0.99), part(1.0))
}
