//! What is seen of a campaign while it runs.

use crate::figures::Figures;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A bar on a terminal; elsewhere, a line now and then.
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
    reported: Instant,
    pause: Duration,
}

impl Progress {
    pub fn new(time: Duration) -> Progress {
        let bar = ProgressBar::new(time.as_millis().max(1) as u64);
        bar.set_style(ProgressStyle::with_template("{bar:40} {elapsed_precise} {msg}").expect("a template"));
        let pause = Duration::from_millis(if std::io::stderr().is_terminal() { 200 } else { 10_000 });
        Progress { bar, begun: Instant::now(), reported: Instant::now(), pause }
    }

    /// Since when the campaign runs.
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Shows how far it has come, unless it has just been shown.
    pub fn tell(&mut self, figures: &Figures) {
        if self.reported.elapsed() < self.pause {
            return;
        }
        self.reported = Instant::now();
        let line = format!(
            "{} rounds, {} versions, {} kills, {} stops, {} recoveries",
            figures.rounds,
            figures.versions,
            figures.killed(),
            figures.stops,
            figures.recoveries
        );
        if self.bar.is_hidden() {
            eprintln!("{} s: {line}", self.elapsed().as_secs());
        }
        self.bar.set_position(self.elapsed().as_millis() as u64);
        self.bar.set_message(line);
    }

    /// Makes room for the table.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
