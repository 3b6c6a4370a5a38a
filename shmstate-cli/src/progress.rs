//! How far a command has come, on standard error, if that is a terminal and it takes longer than a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::time::{Duration, Instant};

/// How long nothing is shown.
const QUIET: Duration = Duration::from_secs(1);

/// A writer that counts.
pub struct Counted<W> {
    inner: W,
    bar: ProgressBar,
    began: Instant,
    bytes: u64,
}

impl<W: Write> Counted<W> {
    pub fn new(inner: W, what: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}: {binary_bytes}, {binary_bytes_per_sec}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Counted { inner, bar, began: Instant::now(), bytes: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.bytes += count as u64;
        if self.bar.is_hidden() && self.began.elapsed() >= QUIET {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(self.bytes);
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<W> Drop for Counted<W> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
