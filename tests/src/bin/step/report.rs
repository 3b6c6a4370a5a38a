//! What was found.

use crate::ops::Op;
use crate::settings::Settings;
use std::io::Write;

/// One thing that must not be.
pub(crate) struct Finding {
    /// How the living came to the crash state.
    pub(crate) way: &'static str,
    /// Instructions before the death.
    pub(crate) at: u64,
    /// The instruction that would have been next.
    pub(crate) place: String,
    pub(crate) why: String,
}

impl Finding {
    pub(crate) fn plain(why: String) -> Finding {
        Finding { way: "stepped", at: 0, place: "?".into(), why }
    }
}

/// Findings of one row that are printed.
const MOST: u64 = 5;

/// One operation in one number of copies.
pub(crate) struct Row {
    op: Op,
    copies: usize,
    pub(crate) instructions: u64,
    pub(crate) states: u64,
    pub(crate) alive: u64,
    pub(crate) claimed: u64,
    pub(crate) alone: u64,
    pub(crate) killed: u64,
    pub(crate) violations: u64,
}

impl Row {
    pub(crate) fn new(op: Op, copies: usize) -> Row {
        Row { op, copies, instructions: 0, states: 0, alive: 0, claimed: 0, alone: 0, killed: 0, violations: 0 }
    }

    pub(crate) fn found(&mut self, finding: Finding, settings: &Settings) {
        self.violations += 1;
        let Finding { way, at, place, why } = finding;
        if settings.until_violation {
            if self.violations > 1 {
                return;
            }
            println!(
                "caught by {} in {} copies, after {} states ({way}): {why}",
                self.op.name(),
                self.copies,
                self.states
            );
        } else if self.violations <= MOST {
            eprintln!(
                "{} in {} copies, {way}, after {at} instructions, before {place}: {why}",
                self.op.name(),
                self.copies
            );
        }
    }

    /// Whether enough is known.
    pub(crate) fn stop(&self, settings: &Settings) -> bool {
        settings.until_violation && self.violations > 0
    }

    fn cells(&self) -> [u64; 7] {
        [self.instructions, self.states, self.alive, self.claimed, self.alone, self.killed, self.violations]
    }
}

/// Prints all rows and their sums.
pub(crate) fn print(rows: &[Row]) -> std::io::Result<()> {
    const HEADS: [&str; 7] = ["instructions", "states", "alive", "claimed", "alone", "killed", "violations"];
    let mut out = std::io::stdout().lock();
    write!(out, "{:<13} {:>6}", "operation", "copies")?;
    HEADS.iter().try_for_each(|head| write!(out, " {head:>12}"))?;
    writeln!(out)?;
    let mut sums = [0; 7];
    for row in rows {
        write!(out, "{:<13} {:>6}", row.op.name(), row.copies)?;
        for (cell, sum) in row.cells().into_iter().zip(&mut sums) {
            write!(out, " {cell:>12}")?;
            *sum += cell;
        }
        writeln!(out)?;
    }
    write!(out, "{:<13} {:>6}", "all", "")?;
    sums.iter().try_for_each(|sum| write!(out, " {sum:>12}"))?;
    writeln!(out)?;
    let [instructions, states, alive, claimed, alone, killed, violations] = sums;
    let recoveries = alive + claimed + alone + killed;
    writeln!(
        out,
        "\n{instructions} instructions stepped, {states} distinct states, {recoveries} recoveries, {violations} violations"
    )?;
    writeln!(
        out,
        "\nstates: distinct contents of the region between two instructions; recovered from with a handle that was attached all the\n\
         time (alive), with one that claims the dead one's slot (claimed), with the first one of a new population (alone); killed:\n\
         processes ended by SIGKILL at such a point."
    )
}
